import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { changeAccount, retryAccount } from '../../src/domain/accounts.js';
import { captureOwn } from '../../src/domain/own-captures.js';
import { openReconciliation } from '../../src/domain/reconciliations.js';
import { type CommunicationEvent, Failure, type OwnEvent, type TimeWindow } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, receipt, type Said, says, token } from './support/connector.js';
import {
  ask,
  hour,
  type Lists,
  listingConnector,
  makeDue,
  reconcile,
  reconcileAll,
  reports,
} from './support/reconciling.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const open = (lists: Lists) => World.open(test.database, { connector: listingConnector(lists) });
const kinds = async (world: World) => (await world.envelopes()).map(({ skeleton }) => skeleton.kind);
const withoutGaps = async (world: World) => (await kinds(world)).filter((kind) => kind !== 'gap');

const rich = (key: string) => message(key, { provider: { city: 'Bethesda' }, location: { state: 'MD' } });
const redacted = (key: string): CommunicationEvent[] => {
  const { text: _, ...rest } = message(key);
  const gap = { kind: 'gap', key: `gap/${key}`, about: key, channel: 'sms', state: 'open' } as const;
  return [rest, { ...gap, reason: 'content-unavailable', detail: 'Nothing is left of it.' }];
};

describe('what a provider lists', () => {
  it('is captured where it is missing, and counted where it is there', async () => {
    const world = await open(() => [says(message('m1')), says(message('m2')), says(message('m3'))]);
    await world.receive(says(rich('m1')));
    await world.normalise();
    await ask(world);
    expect(await reconcileAll(world)).toMatchObject([
      { state: 'done', observed: 3, recorded: 1, missing: 2, late: 0 },
    ]);
    const messages = (await world.envelopes()).filter(({ skeleton }) => skeleton.kind === 'message');
    expect(messages.map(({ skeleton }) => skeleton.provenance)).toEqual([
      'webhook',
      'reconciled',
      'reconciled',
    ]);
  });

  it('adds nothing when it is listed again, not even a capture', async () => {
    const unknown: Said = { kind: 'unsupported', reason: 'a hologram' };
    const broken: Said = { throws: 'on every night' };
    const world = await open(() => [
      says(message('m1'), receipt('r1', 'm1', 'delivered')),
      says(...redacted('m2')),
      unknown,
      broken,
    ]);
    await ask(world);
    expect(await reconcileAll(world)).toMatchObject([{ observed: 4, missing: 4 }]);
    const captures = (await world.captureStates()).length;
    await ask(world);
    const [again] = await reconcileAll(world);
    expect(again).toMatchObject({ observed: 4, recorded: 4, missing: 0, late: 0 });
    const ownGaps = 2;
    expect(await world.captureStates()).toHaveLength(captures + ownGaps);
    expect(await withoutGaps(world)).toEqual(['message', 'receipt', 'message', 'unsupported']);
  });

  it('is late when its webhook was on its way', async () => {
    const world = await open(() => [says(message('m1'))]);
    await world.receive(says(rich('m1')));
    await ask(world);
    const running = await reconcile(world);
    // The webhook's capture, the opened gap, and now the listed one.
    await until(async () => (await world.captureStates()).length === 3);
    const [report] = await reconcileAll(world);
    await running.stop();
    expect(report).toMatchObject({ observed: 1, recorded: 0, missing: 0, late: 1 });
    const [first] = await world.envelopes();
    expect(first?.skeleton.provenance).toBe('webhook');
    expect(await withoutGaps(world)).toEqual(['message']);
  });

  it('never contradicts what came live, also when it has been redacted since', async () => {
    const world = await open(() => [says(...redacted('m1'))]);
    await world.receive(says(rich('m1')));
    await world.normalise();
    await ask(world);
    await reconcileAll(world);
    expect(await withoutGaps(world)).toEqual(['message']);
    const reasons = (await world.envelopes()).flatMap(({ content }) =>
      content?.kind === 'gap' ? [content.reason] : [],
    );
    expect(new Set(reasons)).toEqual(new Set(['outage']));
  });

  it('adds a status that the message is not known to have had, once', async () => {
    let status: 'delivered' | 'read' = 'delivered';
    const world = await open(() => [says(message('m1'), receipt(`r/${status}`, 'm1', status))]);
    await world.receive(says(message('m1')), says(receipt('r/webhook', 'm1', 'delivered')));
    await world.normalise();
    await ask(world);
    await reconcileAll(world);
    expect(await withoutGaps(world)).toEqual(['message', 'receipt']);
    status = 'read';
    await ask(world);
    await reconcileAll(world);
    expect(await withoutGaps(world)).toEqual(['message', 'receipt', 'receipt']);
  });

  it('is known by the name under which we sent it', async () => {
    const world = await open(() => [says(message('provider-7', { direction: 'outbound' }))]);
    const sent = message('outbound/1', { direction: 'outbound' }) as OwnEvent;
    const statement = { events: [sent], aliases: [{ alias: 'provider-7', key: 'outbound/1' }] };
    const { orm } = test.database;
    await orm.transaction((tx) => captureOwn(tx, world.tenant.vault, world.account.id, statement));
    await world.normalise();
    await ask(world);
    expect(await reconcileAll(world)).toMatchObject([{ recorded: 1, missing: 0 }]);
    expect(await withoutGaps(world)).toEqual(['message']);
  });
});

describe('a webhook that comes after its event was listed', () => {
  it('is a duplicate when it only says more', async () => {
    const world = await open(() => [says(message('m1'))]);
    await ask(world);
    await reconcileAll(world);
    const consent = { kind: 'consent', key: 'c1', action: 'opt-out', channel: 'sms' } as const;
    const { from, to } = message('m1');
    await world.receive(says(rich('m1'), { ...consent, from, to }));
    await world.normalise();
    expect(await withoutGaps(world)).toEqual(['message', 'consent']);
    expect((await world.captureStates()).map(({ state }) => state)).not.toContain('quarantined');
  });

  it('is kept beside it when it says something else', async () => {
    const world = await open(() => [says(...redacted('m1'))]);
    await ask(world);
    await reconcileAll(world);
    await world.receive(says(message('m1', { text: 'What was redacted.' })));
    await world.normalise();
    expect(await withoutGaps(world)).toEqual(['message', 'conflict']);
  });
});

describe('a provider that does not list', () => {
  it.each(['throttled', 'unavailable', 'auth'] as const)(
    'for now (%s) is asked again, and the count is right',
    async (kind) => {
      let calls = 0;
      const world = await open(async function* () {
        calls += 1;
        for (let number = 0; number < 150; number += 1) yield says(message(`m${number}`));
        if (calls === 1) throw new Failure(kind, 'Not now.', { retryAfterMs: 50_000 });
      });
      await ask(world);
      const normaliser = world.normaliser();
      normaliser.start();
      const running = await reconcile(world);
      await until(async () => (await reports(world))[0]?.failureKind === kind);
      const [failed] = await reports(world);
      expect(failed).toMatchObject({ state: 'pending', attempts: 1, failure: 'Not now.' });
      expect(failed?.dueAt.getTime()).toBeGreaterThan(Date.now() + 10_000);
      await running.stop();
      await normaliser.stop();
      await makeDue(world);
      expect(await reconcileAll(world)).toMatchObject([
        { state: 'done', failureKind: null, observed: 150, recorded: 0, missing: 150 },
      ]);
    },
  );

  it('because it refuses the credentials is asked at once when these are changed', async () => {
    const tokens: unknown[] = [];
    const world = await open((_, __, settings) => {
      tokens.push(settings.token);
      if (settings.token !== 'renewed')
        throw new Failure('auth', 'Who are you?', { retryAfterMs: 3_000_000 });
      return [says(message('m1'))];
    });
    await ask(world);
    const running = await reconcile(world);
    await until(async () => (await reports(world))[0]?.failureKind === 'auth');
    const { database, tenant, account, directory } = world;
    await database.orm.transaction((tx) => changeAccount(tx, tenant, account, { token: 'renewed' }));
    await directory.refresh();
    await database.orm.transaction((tx) => retryAccount(tx, account.id));
    await running.stop();
    expect(await reconcileAll(world)).toMatchObject([{ state: 'done', missing: 1 }]);
    expect(tokens).toEqual([token, 'renewed']);
  });

  it('for good leaves the gap open, until a window around it is listed after all', async () => {
    let isKept = false;
    const world = await open(() => {
      if (!isKept) throw new Failure('rejected', 'It is no longer kept.');
      return [says(message('m1'))];
    });
    const gaps = async () =>
      (await world.envelopes()).flatMap(({ content }) => (content?.kind === 'gap' ? [content] : []));
    await ask(world);
    expect(await reconcileAll(world)).toMatchObject([{ state: 'failed', failureKind: 'rejected' }]);
    expect(await gaps()).toMatchObject([{ state: 'open' }]);
    isKept = true;
    await ask(world, 0.5, { withGap: false });
    await reconcileAll(world);
    expect(await gaps(), 'a part of it is not all of it').toHaveLength(1);
    await ask(world, 2, { withGap: false });
    await reconcileAll(world);
    const [opened, closed, ...others] = await gaps();
    expect(others).toEqual([]);
    expect(closed).toMatchObject({
      state: 'closed',
      about: opened?.key,
      detail: expect.stringContaining('1 observed'),
    });
    await ask(world, 3, { withGap: false });
    await reconcileAll(world);
    expect(await gaps(), 'it is closed once').toHaveLength(2);
  });

  it('because it never answers is asked again, also when its connector does not heed the signal', async () => {
    let calls = 0;
    const world = await open(async function* () {
      calls += 1;
      yield says(message(`m${calls}`));
      if (calls === 1) await new Promise(() => undefined);
    });
    await ask(world);
    const running = await reconcile(world, newId(), { sliceTimeoutMs: 200 });
    await until(async () => (await reports(world))[0]?.failureKind === 'unavailable');
    await running.stop();
    await makeDue(world);
    expect(await reconcileAll(world)).toMatchObject([{ state: 'done', missing: 1 }]);
  });

  it('holds up no shutdown', async () => {
    let calls = 0;
    const world = await open(async function* () {
      calls += 1;
      yield says(message('m1'));
      if (calls === 1) await new Promise(() => undefined);
    });
    await ask(world);
    const running = await reconcile(world);
    await until(() => calls === 1);
    await running.stop();
    expect(await reports(world)).toMatchObject([{ state: 'pending', attempts: 0, failureKind: null }]);
    expect(await reconcileAll(world)).toMatchObject([{ state: 'done', missing: 1 }]);
  });

  it('because its connector is faulty is asked again, and the log names no content', async () => {
    let calls = 0;
    const world = await open(() => {
      calls += 1;
      if (calls === 1) throw new TypeError('The text of m1 is not defined');
      return [says(message('m1'))];
    });
    await ask(world);
    const running = await reconcile(world);
    await until(async () => (await reports(world))[0]?.failureKind === 'indeterminate');
    await running.stop();
    expect(world.logged.join('')).not.toContain('The text of m1');
    await makeDue(world);
    expect(await reconcileAll(world)).toMatchObject([{ state: 'done', missing: 1 }]);
  });
});

it('counts what it had found before it was cut off as missing, once', async () => {
  const world = await open(() => [says(message('m1')), says(message('m2'))]);
  await ask(world);
  const cutOff = await reconcile(world);
  // Nobody reads the inbox: the opened gap and what was listed wait there.
  await until(async () => (await world.captureStates()).length === 3);
  await cutOff.stop();
  const again = await reconcile(world);
  await until(async () => (await world.captureStates()).length === 5);
  await world.normalise();
  await until(async () => (await reports(world))[0]?.state === 'done');
  await again.stop();
  expect(await reports(world)).toMatchObject([{ observed: 2, recorded: 0, missing: 2, late: 0 }]);
  expect(await withoutGaps(world)).toEqual(['message', 'message']);
});

it('compares the same window as often as an operator asks', async () => {
  const world = await open(() => [says(message('m1'))]);
  const { since, until: end } = await ask(world);
  await reconcileAll(world);
  const { database, tenant, account } = world;
  const request = { since, until: end, cause: 'operator' } as const;
  expect(await openReconciliation(database.orm, tenant, account, request)).toMatchObject({
    state: 'pending',
  });
  const [again, first] = await reconcileAll(world);
  expect([first, again]).toMatchObject([{ missing: 1 }, { recorded: 1, missing: 0 }]);
});

it('lists a long window in slices without holes, and goes on where it was interrupted', async () => {
  const asked: TimeWindow[] = [];
  const world = await open((window) => {
    asked.push(window);
    return [says(message(`m/${window.since.toISOString()}`))];
  });
  const { since, until: end } = await ask(world, 20);
  const [report] = await reconcileAll(world);
  expect(report).toMatchObject({ state: 'done', observed: 4, missing: 4 });
  expect(asked[0]?.since).toEqual(since);
  expect(asked.at(-1)?.until).toEqual(end);
  for (const [index, window] of asked.entries()) {
    if (index > 0) expect(window.since).toEqual(asked[index - 1]?.until);
    expect(window.until.getTime() - window.since.getTime()).toBeLessThanOrEqual(6 * hour);
  }
});

it('is done by one node where several could', async () => {
  let calls = 0;
  const world = await open(async function* () {
    calls += 1;
    yield says(message('m1'));
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  await ask(world);
  const normaliser = world.normaliser();
  normaliser.start();
  const nodes = await Promise.all([reconcile(world), reconcile(world), reconcile(world)]);
  await until(async () => (await reports(world))[0]?.state === 'done');
  await Promise.all(nodes.map((node) => node.stop()));
  await until(async () => (await world.captureStates()).every(({ state }) => state !== 'pending'));
  await normaliser.stop();
  expect(calls).toBe(1);
  expect(await withoutGaps(world)).toEqual(['message']);
});
