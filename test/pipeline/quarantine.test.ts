import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimCaptures, listQuarantined, replayQuarantined } from '../../src/db/inbox.js';
import { quarantineDetailPlace } from '../../src/pipeline/recorder.js';
import type { Parsed } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { message, readSaid, type Said, says, scriptedConnector } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const open = (options = {}) => World.open(test.database, options);

async function replay(world: World): Promise<number> {
  return replayQuarantined(test.database.orm, { instanceId: world.tenant.id });
}

async function quarantined(world: World) {
  const page = { instanceId: world.tenant.id, after: 0, limit: 100 };
  const rows = await listQuarantined(test.database.orm, page);
  return rows.map(({ id, reason, sealedDetail }) => ({
    id,
    reason,
    detail: world.tenant.vault.openText(sealedDetail!, quarantineDetailPlace(id)),
  }));
}

const kinds = async (world: World) => (await world.envelopes()).map(({ skeleton }) => skeleton.kind);
const gaps = async (world: World) =>
  (await world.envelopes()).flatMap(({ content }) => (content.kind === 'gap' ? [content.state] : []));

describe('a capture whose parser throws', () => {
  it('is kept with its reason and a gap, while its neighbours become records', async () => {
    const world = await open();
    const good = (index: number) => says(message(`m${index}`));
    const before = Array.from({ length: 25 }, (_, index) => good(index));
    const after = Array.from({ length: 25 }, (_, index) => good(25 + index));
    const ids = await world.receive(...before, { throws: 'what is this?' }, ...after);
    await world.normalise();

    expect(await quarantined(world)).toEqual([
      { id: ids[25], reason: 'parser-error', detail: 'Error: what is this?' },
    ]);
    expect((await kinds(world)).filter((kind) => kind === 'message')).toHaveLength(50);
    expect(await gaps(world)).toEqual(['open']);
  });

  it('is read by a replay once the parser is mended, and the gap is closed', async () => {
    const world = await open();
    await world.receive({ throws: 'not yet' });
    await world.normalise();
    expect(await replay(world)).toBe(1);
    await world.normalise();
    expect(await gaps(world)).toEqual(['open']);
    expect(await quarantined(world)).toHaveLength(1);

    const mended = scriptedConnector({ version: '2', parse: () => says(message('m1')) as Parsed });
    const upgraded = await world.upgraded(mended);
    expect(await replay(upgraded)).toBe(1);
    await upgraded.normalise();
    expect(await kinds(upgraded)).toEqual(['gap', 'message', 'gap']);
    expect(await gaps(upgraded)).toEqual(['open', 'closed']);
    const [opened, , closed] = await upgraded.envelopes();
    expect(closed?.skeleton.about).toBe(opened?.skeleton.key);
    expect(await quarantined(upgraded)).toEqual([]);
  });
});

describe('a parser that does not keep its contract', () => {
  const cyclic: Record<string, unknown> = { kind: 'events' };
  cyclic.events = [cyclic];
  const answers: [string, unknown, string][] = [
    ['nothing', undefined, 'invalid-events'],
    ['null', null, 'invalid-events'],
    ['a kind that does not exist', { kind: 'needs', keys: ['k'] }, 'invalid-events'],
    ['no events', { kind: 'events', events: [] }, 'invalid-events'],
    ['events that are none', { kind: 'events', events: 'many' }, 'invalid-events'],
    ['an event without its parts', { kind: 'events', events: [{ kind: 'message' }] }, 'invalid-events'],
    ['a reason that is no text', { kind: 'ignored', reason: 7 }, 'invalid-events'],
    ['a promise', Promise.resolve({ kind: 'ignored', reason: 'late' }), 'invalid-events'],
    ['a circle', cyclic, 'parser-error'],
  ];

  it.each(answers)('loses nothing by answering %s', async (_, answer, reason) => {
    const parse = () => answer as Parsed;
    const world = await open({ connector: scriptedConnector({ parse }) });
    await world.receive('a capture');
    await world.normalise();
    expect(await quarantined(world)).toMatchObject([{ reason }]);
    expect(await gaps(world)).toEqual(['open']);
  });

  it('is not quoted in the log when it throws what it read', async () => {
    const parse = (): Parsed => {
      throw new Error('cannot read "sell everything" of +12025550199');
    };
    const world = await open({ connector: scriptedConnector({ parse }) });
    await world.receive('a capture');
    await world.normalise();
    expect(world.logged.join('')).toContain('parser-error');
    expect(world.logged.join('')).not.toMatch(/sell everything|2025550199/);
  });
});

describe('a capture whose stored bytes are damaged', () => {
  it('goes to quarantine as unreadable and does not hold up the others', async () => {
    const world = await open();
    const [, damaged] = await world.receive(says(message('m1')), says(message('m2')), says(message('m3')));
    await test.database.sql`
      update captures set sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1) where id = ${damaged!}`;
    await world.normalise();
    expect(await quarantined(world)).toMatchObject([{ id: damaged, reason: 'unreadable' }]);
    expect((await kinds(world)).sort()).toEqual(['gap', 'message', 'message']);
    const gap = (await world.envelopes()).find(({ skeleton }) => skeleton.kind === 'gap');
    expect(gap?.skeleton.capture).toBeUndefined();
  });
});

describe('a capture that kills the process', () => {
  it('is put aside after five times, and its neighbours are not', async () => {
    const killer: Said = { kind: 'ignored', reason: 'kill' };
    const parse = (): Parsed => {
      throw new Error('must not be parsed any more');
    };
    const world = await open();
    const [id] = await world.receive(killer, says(message('m1')), says(message('m2')));
    // What a killed process leaves behind: claims that were never settled.
    const claim = { instanceId: world.tenant.id, limit: 256 };
    for (let start = 0; start < 5; start += 1) await claimCaptures(test.database.orm, claim);

    const connector = scriptedConnector({
      parse: (capture) => (Buffer.from(capture.body).includes('kill') ? parse() : readSaid(capture)),
    });
    const restarted = await world.upgraded(connector);
    await restarted.normalise();
    expect(await quarantined(restarted)).toEqual([
      { id, reason: 'parser-error', detail: 'Reading it ended the process 5 times.' },
    ]);
    expect(await kinds(restarted)).toEqual(['gap', 'message', 'message']);
  });
});

describe('a capture of an account whose connector is not installed', () => {
  it('stays in the inbox and holds up nobody', async () => {
    const world = await open();
    const other = await World.open(test.database, { connector: { ...scriptedConnector(), id: 'gone' } });
    await test.database
      .sql`update accounts set instance_id = ${world.tenant.id} where id = ${other.account.id}`;
    const row = { account: other.account.id };
    await world.receive(says(message('m1')));
    const [waiting] = await world.receive(says(message('m2')));
    await test.database.sql`update captures set account_id = ${row.account} where id = ${waiting!}`;
    const [last] = await world.receive(says(message('m3')));

    const normaliser = world.normaliser();
    normaliser.start();
    await expect.poll(async () => (await kinds(world)).length, { timeout: 10_000 }).toBe(2);
    await normaliser.stop();
    const states = new Map((await world.captureStates()).map(({ id, state }) => [id, state]));
    expect(states.get(waiting!)).toBe('pending');
    expect(states.get(last!)).toBe('done');
  });
});
