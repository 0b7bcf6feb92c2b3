import type { Address, CallEvent } from '../sdk/index.js';

/** What a record says of a leg, with where that leg stands in the call. */
export interface ToldLeg {
  readonly event: CallEvent;
  /** Whether no other leg made this one. */
  readonly isFirst: boolean;
}

/** Who spoke with whom, as a person would say it. */
export interface CallParties {
  readonly from: Address | undefined;
  readonly to: readonly Address[];
  /** Where else it rang, or was to ring: the custodian's phones. */
  readonly forwardedTo: readonly Address[];
  readonly forwardedFrom: Address | undefined;
  /** Of all legs; what the first leg says stands before what the others do. */
  readonly routing: Readonly<Record<string, string>>;
}

/**
 * Reads the parties out of everything that was told of a call, in whatever order it came.
 *
 * The request says who calls whom. Without one the first leg does; but where an outbound call has made other legs, the first
 * one fetched the custodian, and the others were the call.
 */
export function partiesOf(told: readonly ToldLeg[]): CallParties {
  const ordered = byWeight(told);
  const main = ordered[0];
  if (main === undefined) {
    return { from: undefined, to: [], forwardedTo: [], forwardedFrom: undefined, routing: {} };
  }
  const events = ordered.map(({ event }) => event);
  const made = ordered.filter(({ isFirst }) => !isFirst).map(({ event }) => event);
  const isFetching = !isRequest(main.event) && main.event.direction === 'outbound' && made.length > 0;
  const to = isFetching ? distinct(made.flatMap((event) => event.to)) : main.event.to;
  const known = new Set([main.event.from, ...to].map(({ value }) => value));
  const others = events.flatMap((event) => [...(event.forwardedTo ?? []), ...event.to]);
  return {
    from: main.event.from,
    to,
    forwardedTo: distinct(others.filter(({ value }) => !known.has(value))),
    forwardedFrom: events.find((event) => event.forwardedFrom !== undefined)?.forwardedFrom,
    routing: routingOf(ordered),
  };
}

/** What counts more comes first: the request, then the first leg, then the others, each as its provider counts. */
export function byWeight<Told extends ToldLeg>(told: readonly Told[]): Told[] {
  return [...told].sort(
    (left, right) => rankOf(left) - rankOf(right) || placeOf(left) - placeOf(right) || byKey(left, right),
  );
}

function rankOf({ event, isFirst }: ToldLeg): number {
  if (isRequest(event)) return 0;
  return isFirst ? 1 : 2;
}

function placeOf({ event }: ToldLeg): number {
  return event.providerSequence ?? 0;
}

function byKey(left: ToldLeg, right: ToldLeg): number {
  if (left.event.key === right.event.key) return 0;
  return left.event.key < right.event.key ? -1 : 1;
}

function isRequest({ status }: CallEvent): boolean {
  return status === 'requested';
}

function routingOf(told: readonly ToldLeg[]): Record<string, string> {
  const routing: Record<string, string> = {};
  // What is taken over last stays: of one leg the newest, and the first leg before those that it made.
  const ordered = [...told].sort(
    (left, right) => rankOf(right) - rankOf(left) || placeOf(left) - placeOf(right) || byKey(left, right),
  );
  for (const { event } of ordered) Object.assign(routing, event.routing);
  const { callerName } = ordered.findLast(({ event }) => event.callerName !== undefined)?.event ?? {};
  const answerers = ordered.flatMap(({ event }) => event.answeredBy ?? []);
  const answeredBy = answerers.findLast((each) => each !== 'gateway') ?? answerers[0];
  if (callerName !== undefined) routing.callerName = callerName;
  if (answeredBy !== undefined) routing.answeredBy = answeredBy;
  return routing;
}

/** By their canonical values, in the order of these. */
function distinct(addresses: readonly Address[]): Address[] {
  const byValue = new Map(addresses.map((address) => [address.value, address]));
  return [...byValue.values()].sort((left, right) => (left.value < right.value ? -1 : 1));
}
