import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { archiveFiles } from '../crash/support/kept.js';
import { clients, keepAndPost, reconciled, sidOf } from '../support/catching-up.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { letPass, minutesAgo } from '../support/hours-ago.js';
import { addDesk, desk } from '../support/traffic.js';
import { TwilioList } from '../support/twilio-list.js';

const [client, other] = clients;

interface Prepared {
  gateway: GatewayProcess;
  twilio: TwilioList;
  account: string;
  databaseUrl: string | undefined;
}

/** A gateway with a desk whose provider is the stand-in, and one message that came by webhook. */
async function prepare(): Promise<Prepared> {
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl });
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
