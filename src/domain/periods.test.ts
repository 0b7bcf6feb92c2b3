import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, divide, holdsAt, overlap } from './periods.js';

const bound = fc.option(fc.integer({ min: -20, max: 20 }));
const period = fc
  .tuple(bound, bound)
  .filter(([from, until]) => from === null || until === null || from < until)
  .map(([from, until]) => ({
    validFrom: from === null ? null : new Date(from),
    validUntil: until === null ? null : new Date(until),
  }));
const times = Array.from({ length: 45 }, (_, index) => new Date(index - 22));

describe('periods', () => {
  it('overlap exactly when there is a moment in both', () => {
    fc.assert(
      fc.property(period, period, (left, right) => {
        const shared = times.some((at) => holdsAt(left, at) && holdsAt(right, at));
        expect(overlap(left, right)).toBe(shared);
        expect(overlap(right, left)).toBe(shared);
      }),
    );
  });

  it('divide all time into stretches, and at each moment the people are those of that moment', () => {
    const claim = fc.record({
      period,
      addressId: fc.constantFrom('a1', 'a2', 'a3'),
      personId: fc.constantFrom('p1', 'p2'),
    });
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 6 }), (given) => {
        const claims = new Map<string, Claim[]>();
        for (const [index, { period: valid, addressId, personId }] of given.entries()) {
          const before = claims.get(addressId) ?? [];
          // An address has one person at a time; the gateway refuses the rest.
          if (before.some((each) => overlap(each, valid))) continue;
          claims.set(addressId, [...before, { id: String(index), addressId, personId, ...valid }]);
        }
        const addresses = ['a1', 'a2', 'a3'];
        const stretches = divide(addresses, claims);
        for (const at of times) {
          const here = stretches.filter(
            ({ since, until }) => (since === null || since <= at) && (until === null || at < until),
          );
          const expected = addresses.map(
            (id) => claims.get(id)?.find((each) => holdsAt(each, at))?.personId ?? id,
          );
          expect(here.map(({ principals }) => principals)).toEqual([[...new Set(expected)].sort()]);
        }
      }),
    );
  });
});
