import { type CallEvent, type Capture, type Direction, type Parsed, readJson, z } from 'archway/sdk';
import { readParty } from '../../providers/twilio/addresses.js';
import { shorten } from '../../providers/twilio/bounds.js';
import { presentDetails, presentMembers } from '../../providers/twilio/details.js';
import { nameWord } from '../../providers/twilio/errors.js';
import { sid } from '../../providers/twilio/ids.js';
import { secondsOf } from '../../providers/twilio/lists.js';
import { legKey, statusKey } from './keys.js';
import { callerNameLengthMax, threadOf } from './leg.js';
import { wholeNumber } from './particulars.js';
import { recordingOf } from './recording.js';
import { answererOf, callStatusOf, isFinal } from './statuses.js';

/** Endpoints of captures that hold what Twilio's API lists. No webhook has these names. */
export const listedCall = 'listed-call';
export const listedRecording = 'listed-recording';

const text = z.string().nullish();

/** Of Twilio's API description: `api.v2010.account.call`. */
export const callSchema = z.looseObject({
  sid: z.string(),
  status: z.string(),
  direction: z.string(),
  from: text,
  to: text,
  parent_call_sid: text,
  start_time: text,
  end_time: text,
  date_created: text,
  duration: text,
  answered_by: text,
  caller_name: text,
  forwarded_from: text,
  account_sid: text,
  api_version: text,
  trunk_sid: text,
  phone_number_sid: text,
  group_sid: text,
});

/** Of Twilio's API description: `api.v2010.account.recording`. */
export const recordingSchema = z.looseObject({
  sid: z.string(),
  call_sid: text,
  status: z.string(),
  source: text,
  start_time: text,
  date_created: text,
  duration: text,
  channels: z.number().nullish(),
  error_code: z.number().nullish(),
  media_url: text,
  uri: text,
  account_sid: text,
  api_version: text,
});

export type ListedCall = z.infer<typeof callSchema>;

/** A call, the call that made it, and whether it is the leg that rings the custodian of a call that goes out. */
const listedCallSchema = z.object({
  call: callSchema,
  parent: z.looseObject({ direction: z.string() }).nullable(),
  isFetching: z.boolean(),
});

/** The status that a leg had when it was listed, under the key that its status callback has. */
export function readListedCall(capture: Capture): Parsed {
  const listed = listedCallSchema.safeParse(readJson(capture.body));
  if (!listed.success) return unsupported('a listed call of an unknown form');
  const { call, parent, isFetching } = listed.data;
  const callSid = sid(call.sid);
  if (callSid === undefined) return unsupported('a listed call whose sid is not usable');
  const status = callStatusOf(call.status);
  if (status === undefined) return unsupported(`the call status ${nameWord(call.status)} is not known`);
  const from = readParty(call.from ?? undefined);
  const to = readParty(call.to ?? undefined);
  if (from === undefined || to === undefined)
    return unsupported('a listed call whose caller or called is missing');
  const parentSid = sid(call.parent_call_sid ?? undefined);
  const direction: Direction = (parent ?? call).direction === 'inbound' ? 'inbound' : 'outbound';
  const [startedAt, endedAt] = [secondsOf(call.start_time), secondsOf(call.end_time)];
  const occurredAt = isFinal(status) ? endedAt : startedAt;
  const durationSeconds = wholeNumber(call.duration);
  const forwardedFrom = readParty(call.forwarded_from ?? undefined)?.address;
  const answeredBy = answererOf(call.direction, status, call.answered_by);
  const event: CallEvent = {
    kind: 'call',
    key: statusKey(callSid, status),
    about: legKey(callSid),
    ...(parentSid !== undefined && { parent: legKey(parentSid) }),
    ...threadOf({ from, to, direction }, parentSid !== undefined, isFetching),
    channel: 'voice',
    ...(occurredAt !== undefined && { occurredAt: { at: occurredAt, granularity: 'second' } }),
    direction,
    from: from.address,
    to: [to.address],
    status,
    ...(call.caller_name && { callerName: shorten(call.caller_name, callerNameLengthMax) }),
    ...(answeredBy !== undefined && { answeredBy }),
    ...(forwardedFrom !== undefined && { forwardedFrom }),
    ...(startedAt !== undefined && { startedAt }),
    ...(isFinal(status) && endedAt !== undefined && { endedAt }),
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...presentDetails({
      routing: presentMembers({
        AccountSid: call.account_sid,
        AnsweredBy: call.answered_by,
        ApiVersion: call.api_version,
        Direction: call.direction,
        TrunkSid: call.trunk_sid,
      }),
      provider: presentMembers({
        CallSid: callSid,
        ParentCallSid: parentSid,
        GroupSid: call.group_sid,
        PhoneNumberSid: call.phone_number_sid,
        date_created: call.date_created,
      }),
    }),
  };
  return { kind: 'events', events: [event] };
}

export function readListedRecording(capture: Capture): Parsed {
  const listed = recordingSchema.safeParse(readJson(capture.body));
  if (!listed.success) return unsupported('a listed recording of an unknown form');
  const recording = listed.data;
  const callSid = sid(recording.call_sid ?? undefined);
  const path = recording.uri?.replace(/\.json$/, '');
  const url = path && URL.canParse(path, capture.url) ? new URL(path, capture.url).href : undefined;
  return recordingOf(
    {
      recordingSid: sid(recording.sid),
      about: callSid && legKey(callSid),
      status: recording.status,
      source: recording.source ?? undefined,
      startedAt: recording.start_time ?? undefined,
      durationSeconds: wholeNumber(recording.duration),
      channels: wholeNumber(recording.channels),
      url: recording.media_url || url,
    },
    presentDetails({
      routing: presentMembers({ AccountSid: recording.account_sid, ApiVersion: recording.api_version }),
      provider: presentMembers({
        CallSid: recording.call_sid,
        ErrorCode: recording.error_code == null ? undefined : String(recording.error_code),
        RecordingSid: recording.sid,
        RecordingSource: recording.source,
        date_created: recording.date_created,
      }),
    }),
  );
}

function unsupported(reason: string): Parsed {
  return { kind: 'unsupported', reason };
}
