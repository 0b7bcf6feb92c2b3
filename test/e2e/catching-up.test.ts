import { createHash, randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { freshDatabaseUrl, requirePostgresUrl } from '../crash/support/databases.js';
import { archiveFiles, settled } from '../crash/support/kept.js';
import { clients, keepAndPost, missedMessages, reconciled, sidOf } from '../support/catching-up.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { letLeasesEnd, letPass, minutesAgo } from '../support/hours-ago.js';
import { fetched, testEndpoints } from '../support/mms.js';
import { addDesk, desk } from '../support/traffic.js';
import { mediaContent, TwilioList } from '../support/twilio-list.js';

const [client, other] = clients;

interface Prepared {
  gateway: GatewayProcess;
  twilio: TwilioList;
  account: string;
  databaseUrl: string | undefined;
}

/** A gateway with a desk whose provider is the stand-in, and one message that came by webhook. */
async function prepare(environment: Readonly<Record<string, string>> = {}): Promise<Prepared> {
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl, environment });
  const twilio = await TwilioList.open();
  const account = await addDesk(gateway, { apiBaseUrl: twilio.url });
  await keepAndPost(gateway, twilio, account);
  return { gateway, twilio, account, databaseUrl };
}

/** What happens at Twilio while nobody is there: forty messages, in both directions. */
function anHourAtTwilio(twilio: TwilioList): void {
  for (let number = 0; number < 40; number += 1) {
    const outbound = number % 4 === 3;
    const person = number % 2 === 0 ? client : other;
    twilio.keep({
      sid: sidOf(number),
      body: `Number ${number}`,
      sentAt: minutesAgo(58 - number),
      ...(outbound
        ? { from: desk.number, to: person, direction: 'outbound-api', status: 'delivered' }
        : { from: person }),
    });
  }
  twilio.keep({
    sid: sidOf(40, 'MM'),
    from: client,
    body: 'Two pages',
    sentAt: minutesAgo(10),
    media: ['image/jpeg', 'image/png'],
  });
  twilio.keep({ sid: sidOf(41), from: client, to: '+12025550109', body: 'Not ours', sentAt: minutesAgo(9) });
}

type Kind = Envelope['skeleton']['kind'];
const ofKind = (records: readonly Envelope[], kind: Kind) =>
  records.filter(({ skeleton }) => skeleton.kind === kind);

it.each(['SIGTERM', 'SIGKILL'])(
  'after %s and an hour away, all that came to Twilio is recorded',
  async (end) => {
    const { gateway, twilio, databaseUrl } = await prepare();
    await (end === 'SIGTERM' ? gateway.stop() : gateway.killNow());
    await letPass(gateway, 60, databaseUrl);
    anHourAtTwilio(twilio);
    await gateway.start();

    const [report] = await reconciled(gateway);
    expect(report).toMatchObject({ cause: 'start', observed: 42, recorded: 1, missing: 41, late: 0 });

    const records = await gateway.list<Envelope>('/v1/records');
    const messages = ofKind(records, 'message');
    expect(messages).toHaveLength(42);
    const [first, ...missed] = messages;
    expect(first?.skeleton.provenance).toBe('webhook');
    expect(new Set(missed.map(({ skeleton }) => skeleton.provenance))).toEqual(new Set(['reconciled']));
    const texts = missed.map(({ content }) => (content?.kind === 'message' ? content.text : undefined));
    expect(texts).toEqual([...Array.from({ length: 40 }, (_, number) => `Number ${number}`), 'Two pages']);
    const directions = missed.map(({ content }) => content?.kind === 'message' && content.direction);
    expect(directions.filter((direction) => direction === 'outbound')).toHaveLength(10);
    expect(ofKind(records, 'receipt')).toHaveLength(10);

    const mms = missed.at(-1);
    expect(mms?.skeleton.attachments).toHaveLength(2);
    // The stand-in speaks plain http, from which no bytes of an attachment are fetched: those gaps are beside the point.
    const gaps = ofKind(records, 'gap').map(({ content }) => content);
    expect(gaps.filter((gap) => gap?.kind === 'gap' && gap.reason === 'outage')).toMatchObject([
      { state: 'open', reason: 'outage' },
      { state: 'closed', reason: 'outage', detail: expect.stringContaining('41 missing') },
    ]);
    expect(await archiveFiles(gateway)).toHaveLength(records.length);
    expect(await gateway.list('/v1/quarantine')).toEqual([]);

    // The same time once more adds nothing.
    await gateway.stop();
    await letPass(gateway, 120, databaseUrl);
    await gateway.start();
    const reports = await reconciled(gateway, 2);
    expect(reports[0]).toMatchObject({ observed: 42, recorded: 42, missing: 0, late: 0 });
    const again = await gateway.list<Envelope>('/v1/records');
    const gapsOfThatOutage = 2;
    expect(again).toHaveLength(records.length + gapsOfThatOutage);
  },
);

it('the bytes of a picture that was missed are fetched, with credentials, and archived', async () => {
  const { gateway, twilio, databaseUrl } = await prepare(testEndpoints);
  await gateway.stop();
  await letPass(gateway, 60, databaseUrl);
  const media = ['image/png', 'image/png'];
  twilio.keep({ sid: sidOf(40, 'MM'), from: client, body: 'Two pages', sentAt: minutesAgo(10), media });
  await gateway.start();
  await reconciled(gateway);
  const attachments = await fetched(gateway, 2);
  expect(attachments).toMatchObject([{ state: 'stored' }, { state: 'stored' }]);
  const asked = twilio.requests.flatMap((path) => /\/Media\/(ME\w+)$/.exec(path)?.[1] ?? []);
  const digests = asked.map((sid) => createHash('sha256').update(mediaContent(sid)).digest('hex'));
  expect(attachments.map(({ sha256 }) => sha256).sort()).toEqual(digests.sort());
  await settled(gateway);
  const kinds = (await gateway.list<Envelope>('/v1/records')).map(({ skeleton }) => skeleton.kind);
  expect(kinds.filter((kind) => kind === 'attachment')).toHaveLength(2);
});

/** Two nodes on one Postgres, both stopped, an hour later. */
async function twoNodes(context: TestContext) {
  const databaseUrl = await requirePostgresUrl(context);
  const environment = {
    ARCHWAY_MASTER_KEY: randomBytes(32).toString('base64'),
    CRASH_ARMED: '1',
  };
  const first = await GatewayProcess.start({ databaseUrl, environment });
  const second = await GatewayProcess.create({ databaseUrl, environment });
  await copyFile(join(first.dataDirectory, 'admin-key'), join(second.dataDirectory, 'admin-key'));
  const twilio = await TwilioList.open();
  await keepAndPost(first, twilio, await addDesk(first, { apiBaseUrl: twilio.url }));
  await first.stop();
  await letPass(first, 60, databaseUrl);
  return { first, second, twilio, databaseUrl, missed: missedMessages(150, twilio) };
}

/** The hour before the start was compared once and counted right; each message is there once, in order. */
async function expectCaughtUp(gateway: GatewayProcess, missed: readonly string[]) {
  const rows = await reconciled(gateway);
  const hours = rows.filter(({ since, until }) => Date.parse(until) - Date.parse(since) > 1_800_000);
  expect(hours).toMatchObject([{ observed: 151, recorded: 1, missing: 150, late: 0 }]);
  const records = await gateway.list<Envelope>('/v1/records');
  const texts = records.flatMap(({ content }) => (content?.kind === 'message' ? [content.text] : []));
  expect(texts).toEqual(['Before the outage', ...missed]);
  const gaps = records.flatMap(({ content }) => (content?.kind === 'gap' ? [content.state] : []));
  expect(gaps).toEqual(['open', 'closed']);
}

it('two nodes that start at once ask for the hour once', async (context) => {
  const { first, second, twilio, missed } = await twoNodes(context);
  const before = twilio.requests.length;
  await Promise.all([first.start(), second.start()]);
  await expectCaughtUp(first, missed);
  const windows = new Set(twilio.requests.slice(before));
  expect(twilio.requests.slice(before), 'no window was asked for twice').toHaveLength(windows.size);
});

it(
  'a node that dies while it catches up is followed by the other one',
  { timeout: 240_000 },
  async (context) => {
    const { first, second, databaseUrl, missed } = await twoNodes(context);
    first.launch({ crashAt: { point: 'reconciler:accepted', pass: 2 } });
    await first.diedAtFailPoint();
    await letLeasesEnd(databaseUrl);
    await second.start();
    await expectCaughtUp(second, missed);
  },
);
