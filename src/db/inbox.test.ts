import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { newId } from '../core/ids.js';
import type { Database } from './client.js';
import {
  addCaptures,
  type CaptureRow,
  claimCaptures,
  clearSuspicion,
  insertCaptures,
  markCapturesDone,
  quarantineCapture,
  replayQuarantined,
} from './inbox.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

async function open() {
  const world = await World.open(test.database);
  const { orm } = test.database;
  const instanceId = world.tenant.id;
  const row = (given: Partial<CaptureRow> = {}): CaptureRow => ({
    id: newId(),
    instanceId,
    accountId: world.account.id,
    endpoint: 'messages',
    provenance: 'webhook',
    receivedAt: '2026-11-23T09:30:00.123Z',
    sealed: Buffer.from([0, 255, 10]),
    ...given,
  });
  const claim = (limit = 1_000) => claimCaptures(orm, { instanceId, limit });
  return { world, orm, instanceId, row, claim };
}

const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

/** The two ways into the inbox: alone, and as a part of a transaction. */
const ways = [
  { way: 'by the door', insert: insertCaptures },
  {
    way: 'in a transaction',
    insert: (database: Database, rows: readonly CaptureRow[]) =>
      database.orm.transaction((tx) => addCaptures(tx, rows)),
  },
];

describe('a group of captures', () => {
  it.for(ways)('comes back as it was, in its order, $way', async ({ insert }) => {
    const { row, claim } = await open();
    const rows = [
      row({ endpoint: `quotes " ' \\ {a,b} NULL` }),
      row({ endpoint: 'NULL' }),
      row({ endpoint: '' }),
      row({ sealed: new Uint8Array(), receivedAt: '2026-03-29T00:59:59.999Z' }),
      ...Array.from({ length: 500 }, (_, index) => row({ sealed: Buffer.from([index & 255]) })),
    ];
    await insert(test.database, rows);
    const claimed = await claim();
    const plain = claimed.map(({ attempts, replayOf, ...rest }) => ({ ...rest, sealed: [...rest.sealed] }));
    expect(plain).toEqual(rows.map((each) => ({ ...each, sealed: [...each.sealed] })));
    expect(new Set(claimed.map(({ attempts }) => attempts))).toEqual(new Set([1]));
  });

  it('that is inserted twice is there once, and its state is not touched', async () => {
    const { row, claim, orm } = await open();
    const [one, two, three] = [row(), row(), row()];
    await insertCaptures(test.database, [one, two]);
    await markCapturesDone(orm, [{ id: one.id, parsedBy: '1', reason: null }]);
    await insertCaptures(test.database, [two, one, three]);
    expect(ids(await claim())).toEqual([two.id, three.id]);
  });

  it.for(ways)('is there as a whole or not at all, $way', async ({ insert }) => {
    const { row, claim } = await open();
    await expect(insert(test.database, [row(), row({ accountId: 'no id' })])).rejects.toThrow();
    expect(await claim()).toEqual([]);
  });
});

describe('claims', () => {
  it('take the oldest first and count each claim, but not those of a capture that was cleared', async () => {
    const { row, claim, orm } = await open();
    const rows = Array.from({ length: 5 }, () => row());
    await insertCaptures(test.database, rows);
    expect(ids(await claim(2))).toEqual(ids(rows.slice(0, 2)));
    await clearSuspicion(orm, [rows[0]!.id]);
    expect((await claim(2)).map(({ id, attempts }) => [id, attempts])).toEqual([
      [rows[0]!.id, 1],
      [rows[1]!.id, 2],
    ]);
  });

  it('see nothing of another instance', async () => {
    const mine = await open();
    const other = await open();
    await insertCaptures(test.database, [mine.row()]);
    expect(await other.claim()).toEqual([]);
  });
});

describe('quarantine', () => {
  it('is left by a replay of all or of some, with fresh attempts and the reason for which it was entered', async () => {
    const { row, claim, orm, instanceId } = await open();
    const rows = [row(), row(), row()];
    await insertCaptures(test.database, rows);
    await claim();
    for (const { id } of rows) {
      const detail = { reason: 'parser-error', sealedDetail: Buffer.from('x'), parsedBy: '1' };
      await quarantineCapture(orm, { id, ...detail });
    }
    expect(await claim()).toEqual([]);
    expect(await replayQuarantined(orm, { instanceId, ids: [rows[1]!.id, newId()] })).toBe(1);
    expect(await claim()).toMatchObject([{ id: rows[1]!.id, attempts: 1, replayOf: 'parser-error' }]);
    expect(await replayQuarantined(orm, { instanceId, ids: [] })).toBe(0);
    expect(await replayQuarantined(orm, { instanceId: newId() })).toBe(0);
    expect(await replayQuarantined(orm, { instanceId })).toBe(2);
    expect(await replayQuarantined(orm, { instanceId })).toBe(0);
  });
});
