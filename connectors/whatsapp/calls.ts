import type { CallEvent, CallStatus, CommunicationEvent, Parsed } from 'archway/sdk';
import { countOf, enumName, type Fields, instantOf, listOf, textOf, timeOf } from './fields.js';
import { type Frame, isOwn, ownAddresses, type Surroundings } from './frame.js';
import { addressOf, bare, chatOf, isLid, isNumber, type Party, readJid } from './jid.js';
import { callKey, isId } from './keys.js';
import { nodeOf } from './nodes.js';
import { channel, ignored, shared, told, unsupported } from './outcome.js';

/** What a step says about the call. A step that is none of these only carries the sound, or prepares it. */
const statuses: Readonly<Record<string, CallStatus>> = {
  offer: 'ringing',
  offer_notice: 'ringing',
  accept: 'in-progress',
  reject: 'busy',
};

/** Why a call ended, in the words of the last step. */
const endings: Readonly<Record<string, CallStatus>> = {
  timeout: 'no-answer',
  accepted_elsewhere: 'in-progress',
  rejected_elsewhere: 'busy',
  rejected: 'busy',
  reject: 'busy',
  busy: 'busy',
};

const preparations = new Set([
  ...['preaccept', 'transport', 'relaylatency', 'ringing', 'mute', 'mute_v2', 'video', 'heartbeat'],
  ...['interruption', 'enc_rekey', 'group_update', 'notify', 'relayelection', 'flowcontrol', 'group_info'],
  ...['peer_state', 'screen_share', 'reminder', 'duration'],
]);

/** One step of a call, as the server tells every device of the account. */
export function readCallStanza(attrs: Fields, content: unknown, surroundings: Surroundings): Parsed {
  const step = listOf(content)
    .map(nodeOf)
    .find((node) => node !== undefined);
  if (step === undefined) return unsupported('a call without a step');
  const { tag } = step;
  if (preparations.has(tag)) return ignored('how a call is set up');
  const id = step.attrs['call-id'];
  const parties = partiesOf(attrs, step.attrs, surroundings);
  const status = tag === 'terminate' ? endingOf(step.attrs) : statuses[tag];
  if (status === undefined || !isId(id) || parties === undefined) {
    return unsupported('a step of a call in no known form');
  }
  const at = instantOf(attrs.t);
  const reason = textOf(step.attrs.reason);
  const video = listOf(step.content).some((child) => child.tag === 'video');
  const duration = countOf(step.attrs.duration);
  const call: CallEvent = {
    kind: 'call',
    ...parties,
    channel,
    ...timeOf(attrs.t),
    key: `${callKey(id)}/${stepName(tag, reason)}`,
    about: callKey(id),
    status,
    ...(at !== undefined && timesOf(status, at)),
    ...(status === 'completed' && duration !== undefined && { durationSeconds: duration }),
    routing: { step: tag, ...(tag === 'offer' && { media: video ? 'video' : 'voice' }) },
    ...(reason !== undefined && { provider: { reason: reason.slice(0, 100) } }),
  };
  return told(call);
}

function stepName(tag: string, reason: string | undefined): string {
  return reason !== undefined && /^[a-z_]{1,40}$/.test(reason) ? `${tag}-${reason}` : tag;
}

function endingOf({ reason, duration }: Fields): CallStatus {
  const known = typeof reason === 'string' && Object.hasOwn(endings, reason) ? endings[reason] : undefined;
  return known ?? ((countOf(duration) ?? 0) > 0 ? 'completed' : 'canceled');
}

function timesOf(status: CallStatus, at: string): Partial<CallEvent> {
  if (status === 'ringing') return { startedAt: at };
  return status === 'in-progress' ? { answeredAt: at } : { endedAt: at };
}

/** Who calls whom: whoever made the call is the caller in each of its steps. */
function partiesOf(
  attrs: Fields,
  step: Fields,
  surroundings: Surroundings,
): Pick<CallEvent, 'from' | 'to' | 'direction' | 'conversation'> | undefined {
  const { numbers, shared } = surroundings;
  const creator = textOf(step['call-creator']) ?? textOf(step.from) ?? textOf(attrs.from);
  const other = textOf(attrs.from);
  if (creator === undefined || readJid(creator) === undefined) return undefined;
  const alt = [step.caller_pn, attrs.sender_pn, attrs.sender_lid].flatMap((each) => textOf(each) ?? []);
  const caller: Party = {
    jid: creator,
    alt: alt.find(isLid(creator) ? isNumber : isLid),
    name: textOf(attrs.notify),
  };
  const group = bare(step['group-jid']);
  const own = ownAddresses(surroundings);
  const outbound = isOwn(surroundings, creator);
  const peer: Party = outbound ? { jid: other ?? creator } : caller;
  const conversation = group ?? bare(shared.chat) ?? chatOf(peer, numbers);
  const everybody = group === undefined ? [] : [addressOf({ jid: group }, numbers)];
  return {
    ...(conversation !== undefined && { conversation }),
    direction: outbound ? 'outbound' : 'inbound',
    from: outbound ? (own[0] ?? addressOf(caller, numbers)) : addressOf(caller, numbers),
    to: outbound ? [addressOf(peer, numbers), ...everybody] : [...own, ...everybody],
  };
}

const outcomes: Readonly<Record<number, string>> = {
  0: 'CONNECTED',
  1: 'MISSED',
  2: 'FAILED',
  3: 'REJECTED',
  4: 'ACCEPTED_ELSEWHERE',
  5: 'ONGOING',
  6: 'SILENCED_BY_DND',
  7: 'SILENCED_UNKNOWN_CALLER',
};

const outcomeStatuses: Readonly<Record<string, CallStatus>> = {
  CONNECTED: 'completed',
  MISSED: 'no-answer',
  FAILED: 'failed',
  REJECTED: 'busy',
  ACCEPTED_ELSEWHERE: 'in-progress',
  ONGOING: 'in-progress',
  SILENCED_BY_DND: 'no-answer',
  SILENCED_UNKNOWN_CALLER: 'no-answer',
};

/** What the phone notes in the chat when a call is over. */
export function readCallLog(value: Fields, frame: Frame): Parsed {
  const outcome = enumName(value.callOutcome, outcomes) ?? 'CONNECTED';
  const status = Object.hasOwn(outcomeStatuses, outcome) ? outcomeStatuses[outcome] : undefined;
  if (status === undefined) return unsupported('a call with an outcome that is not known here');
  const seconds = countOf(value.durationSecs);
  const people = listOf(value.participants).flatMap(({ jid }) => bare(jid) ?? []);
  const others = people.filter((jid) => !isOwn(frame, jid)).map((jid) => addressOf({ jid }, frame.numbers));
  return told(
    loggedCall(frame, status, {
      ...(seconds !== undefined && status === 'completed' && { durationSeconds: seconds }),
      ...(others.length > 0 && frame.fromMe && { to: others.slice(0, 1_000) }),
      routing: { ...frame.routing, media: value.isVideo === true ? 'video' : 'voice' },
      provider: { outcome: outcome.slice(0, 100) },
    }),
  );
}

export function loggedCall(
  frame: Frame,
  status: CallStatus,
  details: Partial<CallEvent> = {},
): CommunicationEvent {
  return {
    kind: 'call',
    ...shared(frame),
    key: `${callKey(frame.id)}/log`,
    about: callKey(frame.id),
    direction: frame.direction,
    from: frame.from,
    to: frame.to,
    status,
    ...details,
  };
}
