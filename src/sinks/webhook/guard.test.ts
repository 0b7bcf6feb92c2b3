import type { LookupAddress } from 'node:dns';
import type { AddressInfo } from 'node:net';
import { type Delivery, Failure, type OpenSink } from 'archway/sdk';
import { sampleDeliveries } from 'archway/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openWebhook } from './open.js';
import { settingsSchema } from './settings.js';
import { ModelReceiver, serve, testSecret } from './testing.js';

const context = { now: () => new Date() };
let receiver: ModelReceiver;
let port: number;
let server: Awaited<ReturnType<typeof serve>>;
const sinks: OpenSink[] = [];

beforeEach(async () => {
  receiver = new ModelReceiver();
  server = await serve(receiver.listener);
  port = (server.server.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const addresses = (...list: string[]): LookupAddress[] =>
  list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

/** Name servers that give another answer to each question, the last one again and again; and how often they were asked. */
function names(...answers: LookupAddress[][]) {
  const asked: string[] = [];
  const resolve = async (hostname: string) => {
    asked.push(hostname);
    return answers[Math.min(asked.length, answers.length) - 1] ?? [];
  };
  return { asked, resolve };
}

async function open(settings: Record<string, unknown>, resolve?: ReturnType<typeof names>['resolve']) {
  const given = settingsSchema.parse({ secret: testSecret, ...settings });
  const sink = await openWebhook(given, context, resolve === undefined ? {} : { resolve });
  sinks.push(sink);
  return sink;
}

async function deliverOne(sink: OpenSink) {
  const [outcome] = await sink.deliver(sampleDeliveries() as [Delivery], new AbortController().signal);
  return outcome;
}

const refusal = (words: RegExp) => ({
  name: 'Failure',
  kind: 'config',
  message: expect.stringMatching(words),
});

describe('opening', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0x0.0x0.0x1/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://①②⑦.0.0.1/',
    'https://10.1.2.3/',
    'https://[::1]/',
    'https://[fd00::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://localhost/',
    'https://LOCALHOST/',
  ])('refuses the private %s unless it is allowed', async (url) => {
    await expect(open({ url })).rejects.toMatchObject(refusal(/allowPrivate=true/));
    await expect(open({ url, allowPrivate: true })).resolves.toBeDefined();
  });

  test.each([
    'https://0/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest/meta-data',
    'https://0xa9fea9fe/',
    'https://255.255.255.255/',
    'https://224.0.0.1/',
    'https://[::]/',
    'https://[fe80::1]/',
    'https://[ff02::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[2002:7f00:1::]/',
    'https://[64:ff9b::a9fe:a9fe]/',
  ])('refuses %s whatever is allowed', async (url) => {
    await expect(open({ url })).rejects.toMatchObject(refusal(/nothing is ever posted/));
    await expect(open({ url, allowPrivate: true })).rejects.toMatchObject(refusal(/nothing is ever posted/));
  });

  test('refuses plain http to the internet, whatever is allowed', async () => {
    const url = 'http://receiver.example/';
    const { resolve } = names(addresses('93.184.216.34'));
    await expect(open({ url, allowPrivate: true }, resolve)).rejects.toMatchObject(refusal(/https/));
    await expect(open({ url: 'http://8.8.8.8/' })).rejects.toMatchObject(refusal(/https/));
  });

  test('refuses a name of which one address is private', async () => {
    const { resolve } = names(addresses('93.184.216.34', '10.0.0.5'));
    await expect(open({ url: 'https://receiver.example/' }, resolve)).rejects.toMatchObject(
      refusal(/10\.0\.0\.5/),
    );
  });

  test('asks to wait when the name cannot be resolved', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo EAI_AGAIN receiver.example'), { code: 'EAI_AGAIN' });
    };
    await expect(open({ url: 'https://receiver.example/' }, resolve)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('EAI_AGAIN'),
    });
  });
});

describe('delivering', () => {
  test('refuses a name that has become private since the sink was opened, and sends nothing', async () => {
    const { resolve } = names(addresses('93.184.216.34'), addresses('127.0.0.1'));
    const sink = await open({ url: `https://receiver.example:${port}/` }, resolve);
    const outcome = await deliverOne(sink);
    expect(outcome).toMatchObject({ ok: false, failure: refusal(/127\.0\.0\.1: it is not public/) });
    expect(receiver.messages.size).toBe(0);
  });

  test('refuses a name that has come to lie on the internet, when it is plain http', async () => {
    const { resolve } = names(addresses('127.0.0.1'), addresses('93.184.216.34'));
    const sink = await open({ url: `http://receiver.example:${port}/`, allowPrivate: true }, resolve);
    expect(await deliverOne(sink)).toMatchObject({ ok: false, failure: refusal(/https/) });
  });

  test('connects to the address that was checked, with no second question in between', async () => {
    // Asked once more, the name servers would lead to where nobody listens.
    const { resolve, asked } = names(addresses('127.0.0.1'), addresses('127.0.0.1'), addresses('127.0.0.2'));
    const sink = await open({ url: `http://receiver.example:${port}/`, allowPrivate: true }, resolve);
    expect(await deliverOne(sink)).toMatchObject({ ok: true });
    expect(asked).toEqual(['receiver.example', 'receiver.example']);
    expect(receiver.messages.size).toBe(1);
  });

  test('tries the next address when one does not answer', async () => {
    const { resolve } = names(addresses('127.0.0.9', '127.0.0.1'));
    const sink = await open({ url: `http://receiver.example:${port}/`, allowPrivate: true }, resolve);
    expect(await deliverOne(sink)).toMatchObject({ ok: true });
  });

  test('waits while the name cannot be resolved', async () => {
    const { resolve } = names(addresses('127.0.0.1'), []);
    const sink = await open({ url: `http://receiver.example:${port}/`, allowPrivate: true }, resolve);
    const outcome = await deliverOne(sink);
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'unavailable' } });
    expect(outcome?.ok === false && outcome.failure).toBeInstanceOf(Failure);
  });

  test('does not wait for ever for name servers that are silent', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return asked === 1 ? addresses('127.0.0.1') : new Promise<never>(() => undefined);
    };
    const settings = settingsSchema.parse({
      url: `http://a.example:${port}/`,
      secret: testSecret,
      allowPrivate: true,
    });
    const sink = await openWebhook({ ...settings, timeoutMs: 100 }, context, { resolve });
    sinks.push(sink);
    expect(await deliverOne(sink)).toMatchObject({ ok: false, failure: { kind: 'unavailable' } });
  });
});
