import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../test/support/database.js';
import { newId } from '../core/ids.js';
import type { Database } from './client.js';
import { appendEntries } from './journal.js';
import { insertMessages } from './message-log.js';
import { type MessageFilter, readMessages } from './message-page.js';
import { insertInstance } from './tenancy.js';

let database: Database;
let close: () => Promise<void>;
const instanceId = newId();
const [own, friend, stranger] = [newId(), newId(), newId()];
const empty = new Uint8Array(1);

/** Number in the journal, when it was received, and who took part. The fourth waited in quarantine for two days. */
const log: readonly (readonly [number, string, readonly string[]])[] = [
  [1, '2026-11-23T08:59:59.999Z', [own, friend]],
  [2, '2026-11-23T09:00:00.000Z', [own, stranger]],
  [3, '2026-11-25T09:30:00.000Z', [own, own]],
  [4, '2026-11-23T09:30:00.000Z', [own, friend]],
  [5, '2026-11-25T10:00:00.000Z', [friend, stranger]],
];

beforeAll(async () => {
  ({ database, close } = await openTestDatabase());
  await insertInstance(database.orm, { id: instanceId, name: 'one', wrappedKey: empty, settings: {} });
  // Recorded in two portions, as the hour of the second and the fourth goes on.
  for (const portion of [log.slice(0, 3), log.slice(3)]) await store(portion);
});
afterAll(() => close?.());

async function store(portion: typeof log): Promise<void> {
  const rows = portion.map(([sequence, at]) => ({
    id: newId(),
    instanceId,
    sequence,
    kind: 'message' as const,
    eventKey: newId(),
    connectorVersion: '1',
    receivedAt: new Date(at),
    recordedAt: new Date(),
    skeleton: Buffer.from(JSON.stringify({ times: { claimed: { at } } })),
    eventDigest: empty,
    leafHash: empty,
  }));
  await database.orm.transaction(async (tx) => {
    const addresses = portion.flatMap(([sequence, , [from = '', to = '']]) => [
      { instanceId, addressId: from, sequence, role: 'from' as const },
      { instanceId, addressId: to, sequence, role: 'to' as const },
    ]);
    await appendEntries(tx, { records: rows, addresses, receipts: [], attachments: [] });
    await insertMessages(
      tx,
      rows.map(({ id, sequence, eventKey, receivedAt }) => ({
        ...{ recordId: id, instanceId, sequence, eventKey, receivedAt },
        ...{
          accountId: instanceId,
          conversationId: instanceId,
          direction: 'inbound' as const,
          statusRank: 0,
        },
      })),
    );
  });
}

async function numbers(filter: Partial<MessageFilter>): Promise<number[]> {
  const rows = await readMessages(database.orm, { instanceId, limit: 10, ...filter });
  return rows.map((row) => row.sequence);
}

const at = (time: string) => new Date(`2026-11-${time}Z`);
const always = (addressId: string) => ({ addressId, validFrom: null, validUntil: null });

describe('a page of a time', () => {
  it('holds what was received in it, also what was recorded long after', async () => {
    expect(await numbers({ since: at('23T09:00:00'), until: at('23T10:00:00') })).toEqual([2, 4]);
    expect(await numbers({ since: at('23T09:15:00'), until: at('23T09:45:00') })).toEqual([4]);
    expect(await numbers({ since: at('25T00:00:00') })).toEqual([3, 5]);
    expect(await numbers({ until: at('23T09:00:00') })).toEqual([1]);
    expect(await numbers({ until: at('25T09:00:00'), order: 'newest' })).toEqual([4, 2, 1]);
    expect(await numbers({ since: at('24T00:00:00'), until: at('25T00:00:00') })).toEqual([]);
  });
});

describe('a page of people', () => {
  it('holds each message once, whoever of the two parties has which address', async () => {
    expect(await numbers({ parties: [[always(own)]] })).toEqual([1, 2, 3, 4]);
    expect(await numbers({ parties: [[always(friend), always(stranger)]] })).toEqual([1, 2, 4, 5]);
    expect(await numbers({ parties: [[always(own)], [always(friend)]] })).toEqual([1, 4]);
    expect(await numbers({ parties: [[always(own)], []] })).toEqual([]);
  });

  it('is as long as was asked for, and goes on where it ended', async () => {
    const newest = { parties: [[always(own)]], limit: 2, order: 'newest' as const };
    expect(await numbers(newest)).toEqual([4, 3]);
    expect(await numbers({ ...newest, after: 3 })).toEqual([2, 1]);
    expect(await numbers({ parties: [[always(friend), always(stranger)]], limit: 2, after: 1 })).toEqual([
      2, 4,
    ]);
  });

  it('holds only what was said while the address was theirs', async () => {
    const [from, until] = [at('23T09:00:00'), at('25T00:00:00')];
    const then = { addressId: own, validFrom: from, validUntil: until };
    expect(await numbers({ parties: [[then]] })).toEqual([2, 4]);
    expect(await numbers({ parties: [[{ ...then, validFrom: null }]] })).toEqual([1, 2, 4]);
    expect(await numbers({ parties: [[then], [always(friend)]] })).toEqual([4]);
    expect(await numbers({ parties: [[then]], since: at('23T09:30:00') })).toEqual([4]);
  });
});
