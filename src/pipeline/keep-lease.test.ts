import { expect, it } from 'vitest';
import type { Lease } from '../db/leases.js';
import { keepLease } from './keep-lease.js';

const lease: Lease = { name: 'work', holder: 'here', fence: 3 };

/** Keeps it while renewals give these answers, one after the other; the last one ends the work. */
async function keepWhile(
  ...answers: (Lease | null | Error)[]
): Promise<{ renewals: number; ended: boolean }> {
  const ended = new AbortController();
  let renewals = 0;
  const acquire = async () => {
    const answer = answers[renewals] as Lease | null | Error;
    renewals += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const keeping = keepLease(acquire, lease, { everyMs: 1, ended });
  await keeping;
  return { renewals, ended: ended.signal.aborted };
}

it('renews until somebody else has the lease, and ends the work then', async () => {
  expect(await keepWhile(lease, lease, null)).toEqual({ renewals: 3, ended: true });
  expect(await keepWhile(lease, { ...lease, fence: 4 })).toEqual({ renewals: 2, ended: true });
});

it('goes on while the database is away', async () => {
  expect(await keepWhile(new Error('away'), new Error('away'), lease, null)).toMatchObject({ renewals: 4 });
});

it('ends with the work', async () => {
  const ended = new AbortController();
  const keeping = keepLease(async () => lease, lease, { everyMs: 60_000, ended });
  ended.abort();
  await keeping;
});
