import { describe, expect, it } from 'vitest';
import twilio from '../../connectors/twilio-sms/index.js';
import { readListed } from '../../connectors/twilio-sms/listed.js';
import type { Listed, TimeWindow } from '../../src/sdk/index.js';
import { sidOf } from '../support/catching-up.js';
import { desk } from '../support/traffic.js';
import { TwilioList } from '../support/twilio-list.js';

const noon = Date.parse('2026-11-23T12:00:00.000Z');
const at = (seconds: number) => new Date(noon + seconds * 1_000);
const hour: TimeWindow = { since: at(0), until: at(3_600) };

async function list(server: TwilioList, window = hour, signal = new AbortController().signal) {
  const { accountSid, authToken, number: numbers } = desk;
  const settings = twilio.settings.parse({ accountSid, authToken, numbers, apiBaseUrl: server.url });
  const listed: Listed[] = [];
  for await (const each of twilio.reconcile!(window, { settings, signal, now: () => new Date() })) {
    listed.push(each);
  }
  return listed;
}

const bodies = (listed: readonly Listed[]) =>
  listed.map(({ body }) => JSON.parse(Buffer.from(body).toString('utf8')).message.body as string);

describe('Twilio’s list of messages', () => {
  it('is read page by page, and handed on with the oldest first', async () => {
    const server = await TwilioList.open();
    server.pageSizeMax = 7;
    const texts = Array.from({ length: 40 }, (_, number) => `Number ${number}`);
    for (const [number, body] of texts.entries())
      server.keep({ sid: sidOf(number), body, sentAt: at(number) });
    expect(bodies(await list(server))).toEqual(texts);
    expect(server.requests).toHaveLength(6);
    expect(server.requests[0]).toContain(`DateSent%3E=${encodeURIComponent('2026-11-23T12:00:00Z')}`);
  });

  it('is asked for the account’s own numbers, in both directions', async () => {
    const server = await TwilioList.open();
    const [other, stranger] = ['+12025550171', '+12025550109'];
    server.keep({ sid: sidOf(1), from: other, body: 'in', sentAt: at(1) });
    server.keep({
      sid: sidOf(2),
      from: desk.number,
      to: other,
      direction: 'outbound-api',
      body: 'out',
      sentAt: at(2),
    });
    server.keep({ sid: sidOf(3), from: other, to: stranger, body: 'not ours', sentAt: at(3) });
    expect(bodies(await list(server))).toEqual(['in', 'out']);
  });

  it('gives each message to one of two neighbouring windows', async () => {
    const server = await TwilioList.open();
    for (const seconds of [-1, 0, 1, 1_799, 1_800, 1_801, 3_599, 3_600]) {
      server.keep({ sid: sidOf(2_000 + seconds), body: String(seconds), sentAt: at(seconds) });
    }
    const halves = [
      await list(server, { since: at(0.4), until: at(1_800) }),
      await list(server, { since: at(1_800), until: at(3_599.5) }),
    ];
    expect(halves.map(bodies)).toEqual([
      ['0', '1', '1799'],
      ['1800', '1801', '3599'],
    ]);
  });

  it('comes with the media of each message, of as many pages as there are', async () => {
    const server = await TwilioList.open();
    server.pageSizeMax = 2;
    server.keep({ sid: sidOf(1, 'MM'), body: 'Five', sentAt: at(1), media: Array(5).fill('image/png') });
    const [listed] = await list(server);
    const read = readListed({
      ...(listed as Listed),
      account: 'a',
      receivedAt: at(0).toISOString(),
      provenance: 'reconciled',
    });
    const [message] = read.kind === 'events' ? read.events : [];
    const references =
      message?.kind === 'message' ? message.attachments.map(({ reference }) => reference) : [];
    expect(new Set(references).size).toBe(5);
    expect(references.every((each) => each?.startsWith(`${server.url}/2010-04-01/Accounts/`))).toBe(true);
  });

  it('hands on what has not the form of a message, so that its reader says so', async () => {
    const server = await TwilioList.open();
    server.interfere = (_, response) => {
      response.end(JSON.stringify({ messages: [{ sid: 7 }, 'hologram'], next_page_uri: null }));
      return true;
    };
    const read = (await list(server)).map((each) =>
      readListed({ ...each, account: 'a', receivedAt: at(0).toISOString(), provenance: 'reconciled' }),
    );
    expect(read).toEqual(
      Array(2).fill({ kind: 'unsupported', reason: 'a listed message of an unknown form' }),
    );
  });
});

describe('what Twilio answers instead', () => {
  it.each([
    [429, 'throttled', { 'retry-after': '7' }, 7_000],
    [503, 'unavailable', { 'retry-after': '2' }, 2_000],
    [500, 'unavailable', {}, undefined],
    [401, 'auth', {}, undefined],
    [403, 'auth', {}, undefined],
    [404, 'config', {}, undefined],
    [400, 'rejected', {}, undefined],
  ] as const)('%i is %s', async (status, kind, headers, retryAfterMs) => {
    const server = await TwilioList.open();
    server.interfere = (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{}');
      return true;
    };
    await expect(list(server)).rejects.toMatchObject({ name: 'Failure', kind, retryAfterMs });
  });

  it.each(['{}', '{"messages":{}}', '<html>', '{"messages":[', ''])('no list: %j', async (body) => {
    const server = await TwilioList.open();
    server.interfere = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      return true;
    };
    await expect(list(server)).rejects.toMatchObject({ name: 'Failure', kind: 'unavailable' });
  });

  it('a connection that breaks, and nobody there', async () => {
    const server = await TwilioList.open();
    server.interfere = (_, response) => {
      response.destroy();
      return true;
    };
    await expect(list(server)).rejects.toMatchObject({ name: 'Failure', kind: 'unavailable' });
    const { url } = server;
    await server.close();
    const gone = { url } as TwilioList;
    await expect(list(gone)).rejects.toMatchObject({ name: 'Failure', kind: 'unavailable' });
  });

  it('pages in a circle, and a next page on another host: nothing leads away', async () => {
    const server = await TwilioList.open();
    const foreign = await TwilioList.open();
    let next = '/2010-04-01/round';
    server.interfere = (_, response) => {
      response.end(JSON.stringify({ messages: [], next_page_uri: next }));
      return true;
    };
    await expect(list(server)).rejects.toMatchObject({ kind: 'unavailable' });
    next = `${foreign.url}/2010-04-01/away`;
    await expect(list(server)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(foreign.requests).toEqual([]);
  });

  it('nothing for long: it ends with the signal', async () => {
    const server = await TwilioList.open();
    const end = new AbortController();
    server.interfere = () => {
      end.abort();
      return true;
    };
    await expect(list(server, hour, end.signal)).rejects.toThrow();
  });
});
