import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, type TestContext, test } from 'vitest';
import type { FailPoint } from '../../src/core/failpoint.js';
import { bytes, TestProvider } from '../../src/pipeline/media/testing.js';
import type { Envelope } from '../../src/sdk/index.js';
import { DatabaseProxy } from '../outage/support/database-proxy.js';
import { keepAndPost, missedMessages, reconciled } from '../support/catching-up.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { letPass } from '../support/hours-ago.js';
import { addDeskAt, fetched, sendMms, testEndpoints } from '../support/mms.js';
import { addDeskAtTwilio, concluded, request, requested } from '../support/outbound.js';
import { make } from '../support/phone-calls.js';
import { RecordingSearch } from '../support/recording-search.js';
import { addDesk, Traffic } from '../support/traffic.js';
import { TwilioApi } from '../support/twilio-api.js';
import { TwilioList } from '../support/twilio-list.js';
import { freshDatabaseUrl, requirePostgresUrl } from './support/databases.js';
import { archiveFiles, expectAllKept, expectJournalWhole, settled } from './support/kept.js';
import { isLongRun } from './support/rounds.js';

/**
 * Every step between receipt and evidence, with the passes at which the process is killed there: at the first, and at a
 * later one that leaves finished and unfinished work behind.
 */
const passes: Record<FailPoint, readonly number[]> = {
  'ingest:received': [1, 9],
  'ingest:before-commit': [1, 5],
  'ingest:after-commit': [1, 5],
  'ingest:before-reply': [1, 9],
  'spool:before-sync': [1, 4],
  'spool:after-sync': [1, 4],
  'spool:before-remove': [1],
  'normaliser:claimed': [2, 6],
  'normaliser:before-commit': [1, 3],
  'normaliser:after-commit': [1, 3],
  'dispatcher:claimed': [3],
  'dispatcher:before-deliver': [1, 8],
  'dispatcher:after-deliver': [1, 8],
  'dispatcher:after-commit': [1, 8],
  'media:claimed': [1],
  'media:stored': [1, 3],
  'media:before-commit': [1, 3],
  'media:after-commit': [1, 3],
  'outbound:before-commit': [1],
  'outbound:after-commit': [1],
  'sender:claimed': [1],
  'sender:answered': [1],
  'sender:before-settle': [1],
  'sender:after-settle': [1],
  'recordings:claimed': [1],
  'recordings:listed': [1],
  'recordings:taken': [1],
  // At the opening of the gap, and at its closing.
  'recordings:before-commit': [1, 2],
  'recordings:after-commit': [1, 2],
  'reconciler:started': [1],
  'reconciler:accepted': [1, 2],
  'reconciler:taken': [1, 2],
  'reconciler:before-commit': [1],
  'reconciler:after-commit': [1],
};

/** The short run takes the later pass only. */
const cases = Object.entries(passes).flatMap(([point, each]) =>
  (isLongRun ? each : each.slice(-1)).map((pass) => ({ point: point as FailPoint, pass })),
);
const isPassedByMedia = ({ point }: { point: FailPoint }) => point.startsWith('media:');
const isPassedBySending = ({ point }: { point: FailPoint }) => /^(?:outbound|sender):/.test(point);
const isPassedBySearching = ({ point }: { point: FailPoint }) => point.startsWith('recordings:');
const endsSearching = ({ point }: { point: FailPoint }) => /^recordings:.*commit$/.test(point);
const isPassedByReconciling = ({ point }: { point: FailPoint }) => point.startsWith('reconciler:');
const isPassedInOutage = ({ point }: { point: FailPoint }) => point.startsWith('spool:');

interface Prepared {
  readonly gateway: GatewayProcess;
  readonly traffic: Traffic;
}

async function prepare(
  databaseUrl: string | undefined,
  crashAt: { point: FailPoint; pass: number },
): Promise<Prepared> {
  const gateway = await GatewayProcess.start({ databaseUrl, crashAt });
  const traffic = new Traffic(await addDesk(gateway), { conversations: 6, seed: crashAt.pass });
  gateway.armFailPoint();
  return { gateway, traffic };
}

/** After the kill: started again, unanswered messages come again, new ones follow, and all of them are kept. */
async function expectRecovery({ gateway, traffic }: Prepared): Promise<void> {
  await gateway.diedAtFailPoint();
  await gateway.start();
  await traffic.resend(gateway);
  await traffic.send(gateway, { each: 1 });
  await expectAllKept(gateway, traffic.messages);
}

test.for(
  cases.filter(
    (each) =>
      !isPassedInOutage(each) &&
      !isPassedByMedia(each) &&
      !isPassedBySending(each) &&
      !isPassedBySearching(each) &&
      !isPassedByReconciling(each),
  ),
)(
  'killed at $point, pass $pass: each message is kept once',
  { timeout: 120_000 },
  async ({ point, pass }) => {
    const prepared = await prepare(await freshDatabaseUrl(), { point, pass });
    await prepared.traffic.send(prepared.gateway);
    await expectRecovery(prepared);
  },
);

test.for(cases.filter(isPassedInOutage))(
  'killed at $point, pass $pass, in an outage of the database: each message is kept once',
  { timeout: 120_000 },
  async ({ point, pass }, context: TestContext) => {
    const line = await DatabaseProxy.open(await requirePostgresUrl(context));
    const prepared = await prepare(line.url, { point, pass });
    line.cut();
    await prepared.traffic.send(prepared.gateway, { each: 5 });
    line.mend();
    await expectRecovery(prepared);
  },
);

test.for(cases.filter(isPassedByMedia))(
  'killed at $point, pass $pass: the bytes of each attachment are kept once',
  { timeout: 120_000 },
  async ({ point, pass }) => {
    const names = ['a', 'b', 'c', 'd'];
    const paths = Object.fromEntries(names.map((name) => [`/${name}`, bytes(`picture ${name}`)]));
    await using provider = await TestProvider.start(paths);
    const environment = testEndpoints;
    const databaseUrl = await freshDatabaseUrl();
    const gateway = await GatewayProcess.start({ databaseUrl, environment, crashAt: { point, pass } });
    const account = await addDeskAt(gateway, provider);
    gateway.armFailPoint();
    const urls = names.map((name) => provider.url(`/${name}`));
    await sendMms(gateway, account, { name: 'Four pictures.', urls });
    await gateway.diedAtFailPoint();
    await gateway.start();
    const attachments = await fetched(gateway, names.length);
    expect(attachments.map(({ state }) => state)).toEqual(names.map(() => 'stored'));
    const status = await settled(gateway);
    expect(status).toMatchObject({ records: 5, deliveries: { delivered: 5, dead: 0 } });
    const records = await gateway.list<Envelope>('/v1/records');
    const digests = records.flatMap(({ content }) => (content.kind === 'attachment' ? [content.sha256] : []));
    expect(digests.sort()).toEqual(attachments.map(({ sha256 }) => sha256).sort());
  },
);

/** What a message has come to whose sending was killed there: without an answer on record it is never sent again. */
const endOfSending: Partial<Record<FailPoint, { readonly state: string; readonly sends: number }>> = {
  'outbound:before-commit': { state: 'accepted', sends: 1 },
  'outbound:after-commit': { state: 'accepted', sends: 1 },
  'sender:claimed': { state: 'indeterminate', sends: 0 },
  'sender:answered': { state: 'indeterminate', sends: 1 },
  'sender:before-settle': { state: 'indeterminate', sends: 1 },
  'sender:after-settle': { state: 'accepted', sends: 1 },
};

test.for(cases.filter(isPassedBySending))(
  'killed at $point: a message leaves at most once, and what is known of it is on record',
  { timeout: 120_000 },
  async ({ point, pass }) => {
    await using api = await TwilioApi.start();
    const databaseUrl = await freshDatabaseUrl();
    const gateway = await GatewayProcess.start({ databaseUrl, crashAt: { point, pass } });
    await addDeskAtTwilio(gateway, api);
    gateway.armFailPoint();
    const message = { idempotencyKey: 'order 1' };
    const first = await request(gateway, message).catch(() => undefined);
    await gateway.diedAtFailPoint();
    await gateway.start();
    const id = await requested(gateway, message);
    expect(first?.body.id ?? id, 'the caller asks again and hears of the same message').toBe(id);
    const end = endOfSending[point];
    expect(await concluded(gateway, id)).toMatchObject({ state: end?.state });
    const status = await settled(gateway);
    expect(api.seen).toHaveLength(end?.sends ?? 0);
    expect(status).toMatchObject({ messages: 1, deliveries: { dead: 0 } });
  },
);

test.for(cases.filter((each) => isPassedBySearching(each) && !endsSearching(each)))(
  'killed at $point: the recording of a call whose report never came is kept once',
  { timeout: 120_000 },
  async ({ point, pass }) => {
    const search = await RecordingSearch.begin(await freshDatabaseUrl());
    search.call.keepRecordingAt(search.twilio);
    const { gateway } = search;
    gateway.launch({ crashAt: { point, pass } });
    await gateway.diedAtFailPoint();
    await gateway.start();
    await search.expectKept(['reconciled']);
    expect(await search.gaps()).toEqual([]);
  },
);

test.for(cases.filter(endsSearching))(
  'killed at $point, pass $pass: the gap of a recording that comes late is opened once and closed once',
  { timeout: 120_000 },
  async ({ point, pass }) => {
    const search = await RecordingSearch.begin(await freshDatabaseUrl());
    const { gateway, call } = search;
    await search.exhaust();
    if (pass === 1) gateway.launch({ crashAt: { point, pass } });
    else await gateway.start({ crashAt: { point, pass } });
    const comesLate = async () => {
      await search.untilGaps(['open']);
      call.keepRecordingAt(search.twilio);
      await make(gateway, call.recorded());
    };
    if (pass === 2) await comesLate();
    await gateway.diedAtFailPoint();
    await gateway.start();
    if (pass === 1) await comesLate();
    await search.untilGaps(['open', 'closed']);
    await search.expectKept(['webhook']);
  },
);

test.for(cases.filter(isPassedByReconciling))(
  'killed at $point, pass $pass: what was missed is kept once, and the report counts it right',
  { timeout: 120_000 },
  async ({ point, pass }) => {
    const databaseUrl = await freshDatabaseUrl();
    const gateway = await GatewayProcess.start({ databaseUrl, environment: { CRASH_ARMED: '1' } });
    const twilio = await TwilioList.open();
    const account = await addDesk(gateway, { apiBaseUrl: twilio.url });
    await keepAndPost(gateway, twilio, account);
    await gateway.stop();
    await letPass(gateway, 60, databaseUrl);
    const missed = missedMessages(150, twilio);
    gateway.launch({ crashAt: { point, pass } });
    await gateway.diedAtFailPoint();
    await gateway.start();
    const rows = await reconciled(gateway);
    expect(rows.at(-1)).toMatchObject({ cause: 'start', observed: 151, recorded: 1, missing: 150, late: 0 });
    const records = await gateway.list<Envelope>('/v1/records');
    expectJournalWhole(records);
    const texts = records.flatMap(({ content }) => (content?.kind === 'message' ? [content.text] : []));
    expect(texts).toEqual(['Before the outage', ...missed]);
    const gaps = records.flatMap(({ content }) => (content?.kind === 'gap' ? [content.state] : []));
    expect(gaps).toEqual(['open', 'closed']);
    expect(await archiveFiles(gateway)).toHaveLength(records.length);
  },
);

test('every fail point that the sources pass is in the matrix', () => {
  const sources = fileURLToPath(new URL('../../src/', import.meta.url));
  const passed = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [...readFileSync(`${sources}${name}`, 'utf8').matchAll(/\bfailPoint\('([^']+)'\)/g)])
    .map(([, point]) => point)
    // A restore runs before any gateway does; test/backup kills it. A session's commits are killed in test/whatsapp.
    .filter((point) => !/^(restore|session):/.test(point ?? ''));
  expect(Object.keys(passes).sort()).toEqual([...new Set(passed)].sort());
});
