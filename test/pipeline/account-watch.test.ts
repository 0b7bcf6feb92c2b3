import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOpenAlerts } from '../../src/db/alerts.js';
import { acquireLease } from '../../src/db/leases.js';
import { keepHealth } from '../../src/domain/sessions.js';
import { Watch } from '../../src/pipeline/watch.js';
import type { Connector, SessionState } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { message, says, scriptedConnector } from './support/connector.js';
import { World, type WorldOptions } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const hourMs = 3_600_000;
const limits = { sinkDownMs: hourMs, behindMs: hourMs, notOpenMs: 300_000 };

async function open(options: WorldOptions = {}) {
  const world = await World.open(test.database, options);
  const spool = { isEmpty: true, usage: async () => ({ bytes: 0, roomBytes: 1_000 }) };
  const watch = new Watch({ ...world, spool, limits });
  const { sql, orm } = test.database;
  const { id } = world.account;
  return {
    world,
    look: async () => {
      await watch.look();
      await world.normalise();
      const alerts = await listOpenAlerts(orm);
      return alerts.filter(({ subject }) => subject === id).map(({ reason }) => reason);
    },
    gaps: async () =>
      (await world.envelopes()).flatMap(({ content }) =>
        content.kind === 'gap'
          ? [{ reason: content.reason, state: content.state, detail: content.detail }]
          : [],
      ),
    says: async (key: string) => {
      await world.receive(says(message(key)));
      await world.normalise();
    },
    /** As if all that there is had come so much earlier. */
    passed: (
      minutes: number,
    ) => sql`update messages set received_at = received_at - ${minutes} * interval '1 minute'
      where account_id = ${id}`,
    report: (state: SessionState) => keepHealth(orm, world.tenant.vault, id, { state }),
    windows: () => sql<{ cause: string; state: string }[]>`
      select cause, state from reconciliations where account_id = ${id} order by id`,
  };
}

describe('an account that is silent against its own habit', () => {
  /** Watched for ten days, on each of which its longest silence had an hour. */
  async function habitual() {
    const opened = await open();
    const { world } = opened;
    const { sql } = test.database;
    await sql`update accounts set created_at = now() - interval '30 days' where id = ${world.account.id}`;
    await sql`insert into silences (instance_id, account_id, day, longest_seconds)
      select ${world.tenant.id}, ${world.account.id}, current_date - days, 3600 from generate_series(1, 10) as days`;
    await opened.says('m1');
    return opened;
  }

  it('opens a gap that names the cause, and closes it when something comes', async () => {
    const { look, gaps, passed, says } = await habitual();
    await passed(110);
    expect(await look()).toEqual([]);
    await passed(11);
    expect(await look()).toEqual(['account-silent']);
    expect(await look()).toEqual(['account-silent']);
    expect(await gaps()).toMatchObject([{ reason: 'account-silent', state: 'open' }]);
    expect((await gaps())[0]?.detail).toMatch(/more than 120 minutes.*longest silence.*had 60/);
    await says('m2');
    expect(await look()).toEqual([]);
    expect(await gaps()).toMatchObject([{ state: 'open' }, { state: 'closed' }]);
  });

  it('does not make a habit of it', async () => {
    const { look, passed, says } = await habitual();
    await passed(121);
    await look();
    await says('m2');
    await look();
    await passed(121);
    expect(await look()).toEqual(['account-silent']);
  });

  it('is given more time when longer silences become its habit, without an alert', async () => {
    const { look, passed, says } = await habitual();
    await look();
    await passed(100);
    await look();
    await says('m2');
    await look();
    await passed(150);
    expect(await look()).toEqual([]);
  });

  it('is asked of its provider, where that can list', async () => {
    const nothing = async function* () {
      yield* [];
    } satisfies Connector['reconcile'];
    const connector = { ...scriptedConnector(), reconcile: nothing };
    const { look, passed, says, gaps, windows, world } = await open({ connector });
    await test.database
      .sql`update accounts set created_at = now() - interval '30 days', expect_every_minutes = 60
      where id = ${world.account.id}`;
    await says('m1');
    await passed(61);
    await look();
    expect(await windows()).toEqual([{ cause: 'watchdog', state: 'pending' }]);
    expect((await gaps())[0]?.detail).toContain('The provider is asked');
    await says('m2');
    await look();
    expect(await windows()).toHaveLength(2);
  });
});

describe('an account that should be open and is not', () => {
  const longAgo = () =>
    test.database.sql`update sessions set not_open_since = not_open_since - interval '6 minutes'`;

  it('opens a gap that names its state and what is done, and closes it when it is open', async () => {
    const { look, gaps, report } = await open();
    await report('open');
    await report('degraded');
    expect(await look()).toEqual([]);
    await longAgo();
    await report('connecting');
    expect(await look()).toEqual(['account-not-open']);
    expect(await gaps()).toMatchObject([{ reason: 'account-not-open', state: 'open' }]);
    expect((await gaps())[0]?.detail).toMatch(/connecting.*tried again by itself/);
    await report('open');
    expect(await look()).toEqual([]);
    expect(await gaps()).toMatchObject([{ state: 'open' }, { state: 'closed' }]);
  });

  it.each([
    ['logged-out', /archway account link/],
    ['replaced', /another program/i],
    ['banned', /provider has shut it out/],
  ] as const)('says who has to act when it is %s', async (state, words) => {
    const { look, gaps, report } = await open();
    await report(state);
    await longAgo();
    await look();
    expect((await gaps())[0]?.detail).toMatch(words);
  });

  it('is found also when the node that ran it is gone', async () => {
    const { look, report, world } = await open();
    const name = `session/${world.account.id}`;
    const lease = { name, instanceId: world.tenant.id, holder: world.node, durationMs: 30_000 };
    await acquireLease(test.database.orm, lease);
    await report('open');
    expect(await look()).toEqual([]);
    await test.database.sql`update leases set expires_at = now() - interval '6 minutes' where name = ${name}`;
    expect(await look()).toEqual(['account-not-open']);
  });
});
