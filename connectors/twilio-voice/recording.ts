import { type EventAttachment, outboundKey, type Parsed, type RecordingEvent } from 'archway/sdk';
import { nameWord } from '../../providers/twilio/errors.js';
import type { Form } from '../../providers/twilio/form.js';
import { sid } from '../../providers/twilio/ids.js';
import { secondsOf } from '../../providers/twilio/lists.js';
import { legKey, recordingKey } from './keys.js';
import { particularsOf, wholeNumber } from './particulars.js';
import { recordingStatusOf } from './statuses.js';

const placedNames = [
  'RecordingStatus',
  'RecordingDuration',
  'RecordingChannels',
  'RecordingStartTime',
  'RecordingUrl',
];

/** What both a callback and the list say of a recording. */
export interface RecordingFacts {
  readonly recordingSid: string | undefined;
  readonly about: string | undefined;
  /** In Twilio's words. */
  readonly status: string;
  readonly source: string | undefined;
  readonly startedAt: string | undefined;
  readonly durationSeconds: number | undefined;
  readonly channels: number | undefined;
  readonly url: string | undefined;
}

/** Reads a recording status callback. */
export function readRecording(form: Form, ownCall: string | undefined): Parsed {
  const callSid = sid(form.get('CallSid'));
  const facts: RecordingFacts = {
    recordingSid: sid(form.get('RecordingSid')),
    about: ownCall === undefined ? callSid && legKey(callSid) : outboundKey(ownCall),
    status: form.get('RecordingStatus') ?? '',
    source: form.get('RecordingSource'),
    startedAt: form.get('RecordingStartTime'),
    durationSeconds: wholeNumber(form.get('RecordingDuration')),
    channels: wholeNumber(form.get('RecordingChannels')),
    url: form.get('RecordingUrl'),
  };
  return recordingOf(facts, particularsOf(form, placedNames));
}

/** The event of these facts; a callback and the list give the same. */
export function recordingOf(
  facts: RecordingFacts,
  particulars: Partial<Pick<RecordingEvent, 'routing' | 'location' | 'provider'>>,
): Parsed {
  const { recordingSid, about } = facts;
  if (recordingSid === undefined)
    return unsupported('a recording whose RecordingSid is missing or not usable');
  if (about === undefined) return unsupported('a recording whose CallSid is missing or not usable');
  const status = recordingStatusOf(facts.status);
  if (status === undefined) return unsupported(`the recording status ${nameWord(facts.status)} is not known`);
  const startedAt = secondsOf(facts.startedAt);
  const event: RecordingEvent = {
    kind: 'recording',
    key: `${recordingKey(recordingSid)}/${status}`,
    about,
    channel: 'voice',
    status,
    ...(facts.source === 'RecordVerb' && { voicemail: true }),
    ...(startedAt !== undefined && { startedAt }),
    ...soundOf(facts),
    attachments: status === 'completed' ? [attachmentOf(recordingSid, facts)] : [],
    ...particulars,
  };
  return { kind: 'events', events: [event] };
}

function soundOf({
  durationSeconds,
  channels,
}: RecordingFacts): Pick<RecordingEvent, 'durationSeconds' | 'channels'> {
  return {
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(channels !== undefined && channels > 0 && { channels }),
  };
}

const apiPath = /^\/2010-04-01\/Accounts\/AC[0-9a-fA-F]{32}\/Recordings\/RE[0-9a-fA-F]{32}$/;
const referenceLengthMax = 4_000;

/**
 * Where the sound lies: at Twilio's API the path alone, since the host is not a matter of the request, as WAV with as many
 * channels as it has (https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file). Elsewhere, in a storage
 * of the customer's own, the URL as given.
 */
function attachmentOf(recordingSid: string, facts: RecordingFacts): EventAttachment {
  const { url, channels } = facts;
  const path = url !== undefined && URL.canParse(url) ? new URL(url).pathname : '';
  const file = `${path}.wav${channels === 2 ? '?RequestedChannels=2' : ''}`;
  const reference = apiPath.test(path) ? file : url;
  return {
    key: recordingKey(recordingSid),
    name: `${recordingSid}.wav`,
    ...(reference !== undefined && reference.length <= referenceLengthMax && { reference }),
    ...soundOf(facts),
  };
}

function unsupported(reason: string): Parsed {
  return { kind: 'unsupported', reason };
}
