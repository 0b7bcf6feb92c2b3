import type { CallEvent, Direction, Parsed } from 'archway/sdk';
import { conversationOf, type Party, readParty } from '../../providers/twilio/addresses.js';
import { shorten } from '../../providers/twilio/bounds.js';
import { nameWord, readError } from '../../providers/twilio/errors.js';
import type { Form } from '../../providers/twilio/form.js';
import { secondsOf } from '../../providers/twilio/lists.js';
import { askedKey, legOf, statusKey } from './keys.js';
import { particularsOf, wholeNumber } from './particulars.js';
import { answererOf, callStatusOf } from './statuses.js';

/** What a parser knows besides the form. */
export interface Circumstances {
  readonly ownAddresses: readonly string[];
  /** Where the request was posted to. */
  readonly endpoint: string;
  /** Id of the call that we asked Twilio to make. */
  readonly ownCall: string | undefined;
}

/** The two ends of a leg, and of which call it is. */
export interface Ends {
  readonly from: Party;
  readonly to: Party;
  readonly direction: Direction;
}

export const callerNameLengthMax = 1_000;

const placedNames = [
  ...['From', 'To', 'CallStatus', 'CallerName', 'ForwardedFrom', 'SequenceNumber', 'Timestamp'],
  'CallDuration',
];

/** Reads what tells of one leg: a call that comes in, a step of it, its end. */
export function readLeg(form: Form, circumstances: Circumstances): Parsed {
  const leg = legOf(form, circumstances.ownCall);
  if (leg === undefined) return unsupported('a call whose CallSid is missing or not usable');
  const claimed = form.get('CallStatus') ?? '';
  const status = callStatusOf(claimed);
  if (status === undefined) return unsupported(`the call status ${nameWord(claimed)} is not known`);
  const ends = endsOf(form, circumstances);
  if (ends === undefined) return unsupported('a call whose From or To is missing or not usable');
  const placed = new Set(placedNames);
  const error = readError(form, placed);
  const occurredAt = secondsOf(form.get('Timestamp'));
  const sequence = wholeNumber(form.get('SequenceNumber'));
  const durationSeconds = wholeNumber(form.get('CallDuration'));
  const callerName = form.get('CallerName');
  const forwardedFrom = readParty(form.get('ForwardedFrom'))?.address;
  const answeredBy = answererOf(form.get('Direction'), status, form.get('AnsweredBy'));
  const event: CallEvent = {
    kind: 'call',
    key: isReport(form) ? statusKey(leg.sid, status) : askedKey(leg.sid, circumstances.endpoint, status),
    about: leg.key,
    ...(leg.parent !== undefined && { parent: leg.parent }),
    ...threadOf(
      ends,
      leg.parent !== undefined || form.get('Direction') === 'outbound-dial',
      fetches(form, circumstances),
    ),
    channel: 'voice',
    ...(occurredAt !== undefined && { occurredAt: { at: occurredAt, granularity: 'second' } }),
    direction: ends.direction,
    from: ends.from.address,
    to: [ends.to.address],
    status,
    ...(sequence !== undefined && { providerSequence: sequence }),
    ...(callerName !== undefined && { callerName: shorten(callerName, callerNameLengthMax) }),
    ...(answeredBy !== undefined && { answeredBy }),
    ...(forwardedFrom !== undefined && { forwardedFrom }),
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(error !== undefined && isReport(form) && { error }),
    ...particularsOf(form, [...placed, 'ErrorCode']),
  };
  return { kind: 'events', events: [event], ...(leg.aliases !== undefined && { aliases: leg.aliases }) };
}

/** A status callback; the other requests ask what to do next. */
export function isReport(form: Form): boolean {
  return form.has('CallbackSource') || form.has('SequenceNumber');
}

/**
 * Undefined where the form names no caller or nobody who is called. A leg that was dialled belongs to the call of the leg that
 * made it, whose direction follows from the caller: our own number calls out, anybody else was calling in.
 */
export function endsOf(form: Form, { ownAddresses }: Circumstances): Ends | undefined {
  const from = readParty(form.get('From'));
  const to = readParty(form.get('To'));
  if (from === undefined || to === undefined) return undefined;
  const claimed = form.get('Direction') ?? '';
  const isOwn = ownAddresses.includes(from.address.value);
  const direction = claimed === 'inbound' || (claimed !== 'outbound-api' && !isOwn) ? 'inbound' : 'outbound';
  return { from, to, direction };
}

/** A leg of a call that we had made that rings the custodian. */
function fetches(form: Form, { ownCall }: Circumstances): boolean {
  return ownCall !== undefined && form.get('Direction') === 'outbound-api';
}

/**
 * The conversation, on the legs whose ends are the two who talk: what came in, and what goes out to the other side. The legs
 * that ring the custodian have his phone at one end.
 */
export function threadOf({ from, to, direction }: Ends, isMade: boolean, isFetching: boolean) {
  const ringsCustodian = isFetching || (isMade && direction === 'inbound');
  return ringsCustodian ? {} : { conversation: conversationOf('tel', [from, to]) };
}

function unsupported(reason: string): Parsed {
  return { kind: 'unsupported', reason };
}
