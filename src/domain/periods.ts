/** That an address belongs to a person for a period; open-ended where a bound is null. The end itself is outside. */
export interface Claim {
  readonly id: string;
  readonly addressId: string;
  readonly personId: string;
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
}

export type Period = Pick<Claim, 'validFrom' | 'validUntil'>;

const start = ({ validFrom }: Period) => validFrom?.getTime() ?? Number.NEGATIVE_INFINITY;
const end = ({ validUntil }: Period) => validUntil?.getTime() ?? Number.POSITIVE_INFINITY;

export function holdsAt(period: Period, at: Date): boolean {
  return start(period) <= at.getTime() && at.getTime() < end(period);
}

export function overlap(left: Period, right: Period): boolean {
  return start(left) < end(right) && start(right) < end(left);
}

/** The time that lies in both; undefined where there is none. */
export function intersection(left: Period, right: Period): Period | undefined {
  const from = Math.max(start(left), start(right));
  const until = Math.min(end(left), end(right));
  if (from >= until) return undefined;
  const date = (time: number) => (Number.isFinite(time) ? new Date(time) : null);
  return { validFrom: date(from), validUntil: date(until) };
}

export function samePeriod(left: Period, right: Period): boolean {
  return start(left) === start(right) && end(left) === end(right);
}

/** A time in which the same people stand behind the same addresses. */
export interface Stretch {
  readonly since: Date | null;
  readonly until: Date | null;
  /** Persons, and the addresses that are nobody's, in the order of their ids. */
  readonly principals: readonly string[];
}

/** Divides all time by those bounds at which one of these addresses passes to somebody else, or to nobody. */
export function divide(
  addressIds: readonly string[],
  claims: ReadonlyMap<string, readonly Claim[]>,
): Stretch[] {
  const bounds = new Set<number>();
  for (const claim of addressIds.flatMap((id) => claims.get(id) ?? [])) {
    for (const bound of [start(claim), end(claim)]) if (Number.isFinite(bound)) bounds.add(bound);
  }
  const sorted = [...bounds].sort((left, right) => left - right);
  return [null, ...sorted].map((since, index) => {
    const until = sorted[index] ?? null;
    // The beginning is inside. Before the first bound every moment is alike.
    const at = new Date(since ?? (until === null ? 0 : until - 1));
    const principals = addressIds.map(
      (id) => claims.get(id)?.find((claim) => holdsAt(claim, at))?.personId ?? id,
    );
    return {
      since: since === null ? null : new Date(since),
      until: until === null ? null : new Date(until),
      principals: [...new Set(principals)].sort(),
    };
  });
}
