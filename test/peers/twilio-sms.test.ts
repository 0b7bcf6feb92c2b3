import { Failure, type OutboundMessage, type TimeWindow } from 'archway/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { check } from '../../connectors/twilio-sms/check.js';
import { reconcile } from '../../connectors/twilio-sms/reconcile.js';
import { route } from '../../connectors/twilio-sms/route.js';
import { send } from '../../connectors/twilio-sms/send.js';
import { settingsSchema, type TwilioSettings } from '../../connectors/twilio-sms/settings.js';
import { settled } from '../crash/support/kept.js';
import { type GatewayProcess, until } from '../support/gateway-process.js';
import { client, concluded, requested, uploaded } from '../support/outbound.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk, desk } from '../support/traffic.js';
import { TwilioApi } from '../support/twilio-api.js';
import { TwilioList } from '../support/twilio-list.js';
import { noPrism, TwilioJudge } from './support/prism.js';

const base = `/2010-04-01/Accounts/${desk.accountSid}`;
const accepted = `POST ${base}/Messages.json → 201`;
const messagingServiceSid = `MG${'5'.repeat(32)}`;
const statusUrl = 'https://archway.example.com/webhooks/0192f0c1-5b1e-7c00-8000-00000000a001/status';

describe.skipIf(noPrism !== undefined)("Twilio's description of its API, as a strict server,", () => {
  let judge: TwilioJudge;
  beforeAll(async () => {
    judge = await TwilioJudge.start();
  });
  afterAll(() => judge?.[Symbol.asyncDispose]());
  beforeEach(() => judge.reset());

  const settingsWith = (changes: Record<string, unknown> = {}): TwilioSettings => {
    const { accountSid, authToken } = desk;
    const numbers = `${desk.number},whatsapp:+12025550101,rcs:acme_agent`;
    return settingsSchema.parse({ accountSid, authToken, numbers, apiBaseUrl: judge.url, ...changes });
  };
  const contextOf = (settings: TwilioSettings) => ({
    settings,
    signal: AbortSignal.timeout(20_000),
    now: () => new Date(),
  });

  function messageTo(to: string, change: Partial<OutboundMessage> = {}): OutboundMessage {
    const routed = route({ to, mediaCount: change.media?.length ?? 0 }, settingsWith());
    if (!routed.ok) throw new Error(routed.reason);
    const { from, to: recipient } = routed.route;
    const id = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
    return {
      id,
      from,
      to: recipient,
      text: 'Ünïcode & 100 %',
      media: [],
      callbackUrl: () => statusUrl,
      ...change,
    };
  }
  const media = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      contentType: 'image/png',
      byteLength: 7,
      url: `https://archway.example.com/media/${String(index).repeat(43)}`,
      open: async () => ReadableStream.from([new Uint8Array(7)]) as ReadableStream<Uint8Array>,
    }));

  describe('refuses', () => {
    const form = { To: client, From: desk.number, Body: 'Hello' };
    const create = `${base}/Messages.json`;
    const wrong: [what: string, path: string, form: Record<string, string>, complaint: RegExp][] = [
      ['a message to nobody', create, { From: desk.number, Body: 'Hello' }, /required property 'To'/],
      [
        'a word that is none of a list',
        create,
        { ...form, ContentRetention: 'maybe' },
        /ContentRetention.*allowed/,
      ],
      ['an id of another kind', create, { ...form, MessagingServiceSid: 'XX1' }, /MessagingServiceSid.*\^MG/],
      ['a callback that is no URL', create, { ...form, StatusCallback: 'nope' }, /StatusCallback.*uri/],
      ['media without a URL', create, { ...form, MediaUrl: 'nope' }, /MediaUrl.*uri/],
      ['an account that is none', '/2010-04-01/Accounts/AC12/Messages.json', form, /accountsid.*\^AC/],
    ];
    it.each(wrong)('%s', async (_, path, fields, complaint) => {
      const response = await fetch(`${judge.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
        body: new URLSearchParams(fields),
      });
      expect(response.status).toBe(422);
      expect(judge.calls[0]?.complaints.join()).toMatch(complaint);
    });

    it('a list with too large a page', async () => {
      const headers = { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` };
      expect((await fetch(`${judge.url}${create}?PageSize=1001`, { headers })).status).toBe(422);
    });

    it('who has no credentials', async () => {
      const response = await fetch(`${judge.url}${create}`, {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      expect(response.status).toBe(401);
    });

    it('what this connector would send with a wrong account, and send says that Twilio refused it', async () => {
      const settings = { ...settingsWith(), accountSid: 'AC12' };
      const failure = await send(messageTo(client), contextOf(settings)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Failure);
      expect(failure).toMatchObject({ kind: 'rejected' });
      expect(judge.calls.map(({ status }) => status)).toEqual([422]);
    });
  });

  describe('accepts what is sent', () => {
    const cases: [
      what: string,
      to: string,
      change: Partial<OutboundMessage>,
      settings: Record<string, string>,
    ][] = [
      ['a text', client, {}, {}],
      ['a text of the full length', client, { text: 'ü'.repeat(1_600) }, {}],
      ['one attachment', client, { media: media(1) }, {}],
      ['ten attachments without a text', client, { text: undefined, media: media(10) }, {}],
      ['by a messaging service', client, {}, { messagingServiceSid }],
      ['by WhatsApp', `whatsapp:${client}`, {}, {}],
      ['by RCS', `rcs:${client}`, {}, {}],
    ];
    it.each(cases)('%s', async (_, to, change, settings) => {
      const message = messageTo(to, change);
      const { providerId } = await send(message, contextOf(settingsWith(settings)));
      expect(judge.verdicts).toEqual([accepted]);
      expect(providerId).toMatch(/^SM[0-9a-f]{32}$/);
      const [{ form }] = judge.calls as [TwilioJudge['calls'][number]];
      expect(form.get('To')).toBe(to);
      expect(form.get('Body') ?? undefined).toBe(message.text);
      expect(form.getAll('MediaUrl')).toEqual(message.media.map(({ url }) => url));
      expect(form.get('StatusCallback')).toContain(message.id);
    });
  });

  it('accepts each page of the list, and the media of each message', async () => {
    // The days and the numbers of Twilio's own examples.
    const window: TimeWindow = {
      since: new Date('2019-05-24T00:00:00Z'),
      until: new Date('2019-05-25T00:00:00Z'),
    };
    judge.example = ({ query }) => (query.has('PageToken') ? 'readEmptySentdateLess' : undefined);
    const listed: string[] = [];
    for await (const { body } of reconcile(window, contextOf(settingsWith({ numbers: '+12019235161' })))) {
      listed.push(Buffer.from(body).toString('utf8'));
    }
    expect(judge.verdicts).toEqual([
      `GET ${base}/Messages.json → 200`,
      expect.stringMatching(/^GET .*\/Messages\.json → 200$/),
      `GET ${base}/Messages/MMc26223853f8c46b4ab7dfaa6abba0a26/Media.json → 200`,
    ]);
    expect(judge.calls[0]?.query.get('PageSize')).toBe('1000');
    expect(listed.map((body) => (JSON.parse(body) as { media: unknown[] }).media.length)).toEqual([1, 0]);
  });

  it('accepts what is asked to check an account', async () => {
    const webhookUrl = (endpoint: string) => `https://archway.example.com/webhooks/a/${endpoint}`;
    const checks = await check({ ...contextOf(settingsWith()), webhookUrl });
    expect(judge.verdicts).toEqual([
      `GET /2010-04-01/Accounts/${desk.accountSid}.json → 200`,
      `GET ${base}/IncomingPhoneNumbers.json → 200`,
    ]);
    expect(checks.map(({ name }) => name)).toEqual(['credentials', 'number-sms-url']);
  });

  describe('accepts all that a gateway asks', () => {
    const add = (gateway: GatewayProcess, settings: Record<string, string> = {}) =>
      addDesk(gateway, {
        numbers: `${desk.number},whatsapp:+12025550101`,
        apiBaseUrl: judge.url,
        messagesPerSecond: '100',
        ...settings,
      });

    it('to send text, media, by WhatsApp and by a messaging service', async () => {
      await using api = await TwilioApi.start();
      judge.answeredBy = api.url;
      const gateway = await startTestGateway();
      await add(gateway);
      await gateway.call('POST', '/v1/accounts', {
        connector: 'twilio-sms',
        name: 'service',
        settings: {
          ...desk,
          number: undefined,
          numbers: desk.number,
          messagingServiceSid,
          apiBaseUrl: judge.url,
        },
      });
      const { id } = await uploaded(gateway, Buffer.from('a picture'), 'image/png');
      const ids = [
        await requested(gateway, { text: 'Plain' }),
        await requested(gateway, { text: 'With a picture', media: [{ id }] }),
        await requested(gateway, { to: `whatsapp:${client}` }),
        await requested(gateway, { account: 'service' }),
      ];
      for (const each of ids) expect(await concluded(gateway, each)).toMatchObject({ state: 'accepted' });
      expect(judge.verdicts).toEqual([accepted, accepted, accepted, accepted]);
      expect(judge.calls.map(({ form }) => form.get('MessagingServiceSid')).filter(Boolean)).toEqual([
        messagingServiceSid,
      ]);
    });

    it('to list what it missed, page by page', async () => {
      const twilio = await TwilioList.open();
      twilio.pageSizeMax = 2;
      judge.answeredBy = twilio.url;
      for (let number = 0; number < 5; number += 1) {
        const sentAt = new Date(Date.now() - (10 - number) * 60_000);
        const sid = `MM${String(number).padStart(32, '0')}`;
        twilio.keep({ sid, sentAt, body: `Number ${number}`, media: number === 4 ? ['image/png'] : [] });
      }
      const gateway = await startTestGateway();
      await add(gateway);
      const since = new Date(Date.now() - 3_600_000).toISOString();
      await gateway.call('POST', '/v1/accounts/desk/reconcile', { since });
      const done = async () => {
        const [row] = await gateway.list<{ state: string }>('/v1/reconciliations');
        return row?.state === 'done';
      };
      await until(done, 60_000, 'The list was not read');
      expect(await gateway.list('/v1/reconciliations')).toMatchObject([{ observed: 5, missing: 5 }]);
      await settled(gateway);
      const list = `GET ${base}/Messages.json → 200`;
      const itsMedia = `GET ${base}/Messages/MM${'4'.padStart(32, '0')}/Media.json → 200`;
      expect(judge.verdicts).toEqual([list, list, list, itsMedia]);
      expect(await gateway.list('/v1/messages')).toHaveLength(5);
    });
  });
});
