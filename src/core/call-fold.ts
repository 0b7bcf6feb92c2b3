import { type CallStatus, callStatuses, type Direction } from '../sdk/index.js';

/**
 * What came of a call, folded from everything that is known of its legs. All rules of the call log stand here. They look at
 * what was said and never at when it arrived: facts in any order, and twice, make the same call.
 *
 * - **Request**: the gateway was asked for the call. The leg that was made first then fetches the custodian, and the legs that
 *   it makes are the call to the other side.
 * - **Reaching legs**: those on which somebody can be reached: the legs that the first one made; where there are none, the
 *   first leg itself, unless a script of the provider took it or it only fetched the custodian.
 */

/** One thing that a record says about a leg, or about a recording of it. Times in milliseconds since 1970. */
export interface CallFact {
  readonly leg: string;
  readonly parent: string | null;
  /** Of a call; null where the fact is about a recording. */
  readonly status: CallStatus | null;
  readonly direction: Direction | null;
  readonly answeredBy: 'person' | 'machine' | 'gateway' | null;
  /** A recording of what somebody left who reached nobody. */
  readonly voicemail: boolean;
  /** When this happened, as the provider claims. */
  readonly occurredAt: number | null;
  readonly startedAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly durationSeconds: number | null;
}

/** `answered` also of a call that goes on no more; `in-progress` while people talk. */
export const callOutcomes = [
  'requested',
  'indeterminate',
  'accepted',
  'refused',
  'rejected',
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'answered',
  'voicemail',
  'no-answer',
  'busy',
  'failed',
  'canceled',
] as const;

export type CallOutcome = (typeof callOutcomes)[number];

/** Times in milliseconds since 1970; null where nobody has claimed one. */
export interface FoldedCall {
  readonly direction: Direction;
  readonly outcome: CallOutcome;
  readonly startedAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  /** From the beginning until somebody took it, or until it rang no more. */
  readonly ringSeconds: number | null;
  /** 0 where nobody took it; null while it is not known. */
  readonly talkSeconds: number | null;
}

/** What is known of one leg. */
export interface FoldedLeg {
  readonly key: string;
  /** The furthest that the provider has reported; null where only the gateway has spoken of it. */
  readonly status: CallStatus | null;
  readonly isOver: boolean;
  readonly wasAnswered: boolean;
  readonly startedAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly talkSeconds: number | null;
}

const second = 1_000;
const ownStatuses: readonly CallStatus[] = ['requested', 'indeterminate', 'accepted', 'refused', 'rejected'];
const beforeAnswer: readonly CallStatus[] = ['queued', 'initiated', 'ringing'];
const finalStatuses: readonly CallStatus[] = ['canceled', 'no-answer', 'busy', 'failed', 'completed'];
/** What became of a call that several legs tried in vain: the first of these that one of them ended with. */
const vainOutcomes = ['no-answer', 'busy', 'failed', 'canceled'] as const;

/** @param facts at least one; @param root the leg that no other one made. */
export function foldCall(facts: readonly CallFact[], root: string): FoldedCall {
  const legs = foldLegs(facts);
  const first = legs.find(({ key }) => key === root);
  const made = legs.filter(({ key }) => key !== root);
  const request = furthest(facts, ownStatuses);
  const tookIt = facts.some(({ leg, answeredBy }) => leg === root && answeredBy === 'gateway');
  const reaching = made.length > 0 ? made : legs.filter(() => request === undefined && !tookIt);
  const outcome = outcomeOf({ facts, first, made, reaching, request });
  const direction = directionOf(facts, root);
  const answered = reaching.filter(({ wasAnswered }) => wasAnswered);
  const isFetching = request !== undefined || (direction === 'outbound' && made.length > 0);
  const startedAt = first?.startedAt ?? least(made.map((leg) => leg.startedAt));
  const answeredAt = least(answered.map((leg) => leg.answeredAt));
  const endedAt = endOf({ first, made, answered, outcome });
  const rangFrom = isFetching ? least(made.map((leg) => leg.startedAt)) : startedAt;
  const rangUntil = answered.length > 0 ? answeredAt : (greatest(made.map((leg) => leg.endedAt)) ?? endedAt);
  const isRinging = answered.length === 0 && !isSettled(outcome);
  return {
    direction,
    outcome,
    startedAt,
    answeredAt,
    endedAt,
    ringSeconds: isRinging ? null : secondsBetween(rangFrom, rangUntil),
    talkSeconds: talkOf(answered, outcome),
  };
}

/** In the order of their keys. */
export function foldLegs(facts: readonly CallFact[]): FoldedLeg[] {
  const keys = [...new Set(facts.map(({ leg }) => leg))].sort();
  return keys.flatMap((key) => {
    const own = facts.filter(({ leg, status }) => leg === key && status !== null);
    return own.length === 0 ? [] : [foldLeg(key, own)];
  });
}

function foldLeg(key: string, facts: readonly CallFact[]): FoldedLeg {
  const status = furthest(facts, [...beforeAnswer, 'in-progress', ...finalStatuses]) ?? null;
  const at = (statuses: readonly CallStatus[]) =>
    least(facts.map((fact) => (statuses.includes(fact.status as CallStatus) ? fact.occurredAt : null)));
  const claims = (name: 'startedAt' | 'answeredAt' | 'endedAt') => facts.map((fact) => fact[name]);
  const claimedAnswer = least(claims('answeredAt'));
  const isOver = status !== null && finalStatuses.includes(status);
  const wasAnswered = status === 'in-progress' || status === 'completed' || claimedAnswer !== null;
  const endedAt = isOver ? (greatest(claims('endedAt')) ?? at(finalStatuses)) : null;
  const duration = greatest(facts.map((fact) => fact.durationSeconds));
  const counted = endedAt === null || duration === null ? null : endedAt - duration * second;
  const answeredAt = wasAnswered ? (claimedAnswer ?? at(['in-progress']) ?? counted) : null;
  return {
    key,
    status,
    isOver,
    wasAnswered,
    startedAt: least(claims('startedAt')) ?? at(beforeAnswer),
    answeredAt,
    endedAt,
    talkSeconds: wasAnswered && isOver ? (duration ?? secondsBetween(answeredAt, endedAt)) : null,
  };
}

interface Known {
  readonly facts: readonly CallFact[];
  readonly first: FoldedLeg | undefined;
  readonly made: readonly FoldedLeg[];
  readonly reaching: readonly FoldedLeg[];
  readonly request: CallStatus | undefined;
}

function outcomeOf({ facts, first, made, reaching, request }: Known): CallOutcome {
  const answered = reaching.filter(({ wasAnswered }) => wasAnswered);
  if (answered.length > 0) return answered.every(({ isOver }) => isOver) ? 'answered' : 'in-progress';
  if (facts.some(({ voicemail }) => voicemail)) return 'voicemail';
  const status = first?.status ?? null;
  if (status === null && made.length === 0) return (request ?? 'requested') as CallOutcome;
  if (first?.isOver === true && status !== 'completed') return status as CallOutcome;
  const statuses = made.map((leg) => leg.status);
  if (made.length > 0 && made.every(({ isOver }) => isOver)) {
    return vainOutcomes.find((outcome) => statuses.includes(outcome)) ?? 'failed';
  }
  // Whoever called gave up before anybody was rung, or while it still rang.
  if (first?.isOver === true) return 'canceled';
  if (statuses.includes('ringing') || status === 'in-progress' || status === 'ringing') return 'ringing';
  return (furthest(facts, beforeAnswer) ?? request ?? 'queued') as CallOutcome;
}

/** Whether nothing more is to be expected. */
export function isSettled(outcome: CallOutcome): boolean {
  const open: readonly CallOutcome[] = [
    ...(['requested', 'indeterminate', 'accepted'] as const),
    ...(['queued', 'initiated', 'ringing', 'in-progress'] as const),
  ];
  return !open.includes(outcome);
}

/** Of the leg that no other one made, and of the request before what a provider says. */
function directionOf(facts: readonly CallFact[], root: string): Direction {
  const told = (wanted: (fact: CallFact) => boolean) =>
    facts
      .filter(wanted)
      .flatMap(({ direction }) => direction ?? [])
      .sort()[0];
  return (
    told(({ status }) => status !== null && ownStatuses.includes(status)) ??
    told(({ leg }) => leg === root) ??
    told(() => true) ??
    'inbound'
  );
}

function endOf({
  first,
  made,
  answered,
  outcome,
}: {
  readonly first: FoldedLeg | undefined;
  readonly made: readonly FoldedLeg[];
  readonly answered: readonly FoldedLeg[];
  readonly outcome: CallOutcome;
}): number | null {
  if (!isSettled(outcome)) return null;
  if (first?.isOver === true) return first.endedAt;
  if (answered.length > 0) return greatest(answered.map((leg) => leg.endedAt));
  return first === undefined ? greatest(made.map((leg) => leg.endedAt)) : null;
}

function talkOf(answered: readonly FoldedLeg[], outcome: CallOutcome): number | null {
  if (!isSettled(outcome)) return null;
  const [only, ...others] = answered;
  if (only === undefined) return 0;
  if (others.length === 0) return only.talkSeconds;
  const from = least(answered.map((leg) => leg.answeredAt));
  const until = greatest(answered.map((leg) => leg.endedAt));
  return secondsBetween(from, until) ?? greatest(answered.map((leg) => leg.talkSeconds));
}

function furthest(facts: readonly CallFact[], among: readonly CallStatus[]): CallStatus | undefined {
  const rank = (status: CallStatus) => callStatuses.indexOf(status);
  return facts
    .flatMap(({ status }) => (status !== null && among.includes(status) ? status : []))
    .sort((left, right) => rank(right) - rank(left))[0];
}

/** Providers give whole seconds, and their clocks may differ: never less than nothing. */
function secondsBetween(from: number | null, until: number | null): number | null {
  return from === null || until === null ? null : Math.max(0, Math.floor((until - from) / second));
}

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function greatest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}
