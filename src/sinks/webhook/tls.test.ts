import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Delivery } from 'archway/sdk';
import { sampleDeliveries } from 'archway/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWebhook } from './open.js';
import { settingsSchema } from './settings.js';
import { listen, ModelReceiver, serve, testSecret } from './testing.js';

/** Of receiver.example, valid until 2120, signed by itself. The key is public by being here, and protects nothing. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIBATAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBByZWNlaXZl
ci5leGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAbMRkw
FwYDVQQDDBByZWNlaXZlci5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAE7C4xwPoXgfQTvWAN4B2gIvfQXYbxrbGTTlWt0ZC/LblEocAgV67gvUb26qSg
fhOrpau91rDuk8Py5bN7HkhlP6NMMEowGwYDVR0RBBQwEoIQcmVjZWl2ZXIuZXhh
bXBsZTAMBgNVHRMEBTADAQH/MB0GA1UdDgQWBBQTGEHA77s2cVCH85b+v8JZfqpd
OjAKBggqhkjOPQQDAgNIADBFAiBJMTip6JMSjsmVPDeVybTazRHiouksMGrvy7PP
1jW5gAIhAJ8ESb6t0DTiZqo6UJ8/Oj4s9Gj4u1dQdWifVSUfqUTC
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDXOqvKc+huh9pmNz
+b3MrK1uynQ1225f0Gj3e/sOT8WhRANCAATsLjHA+heB9BO9YA3gHaAi99BdhvGt
sZNOVa3RkL8tuUShwCBXruC9RvbqpKB+E6ulq73WsO6Tw/Lls3seSGU/
-----END PRIVATE KEY-----`;

let receiver: ModelReceiver;
let server: Awaited<ReturnType<typeof listen>>;

beforeEach(async () => {
  receiver = new ModelReceiver();
  server = await listen(createServer({ key, cert: certificate }, receiver.listener));
});

afterEach(() => server[Symbol.asyncDispose]());

/** Delivers one envelope to a name that leads to the server. */
async function deliverTo(
  host: string,
  trusted?: string,
  port = (server.server.address() as AddressInfo).port,
) {
  const settings = { url: `https://${host}:${port}/archway`, secret: testSecret, allowPrivate: true };
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const surroundings = trusted === undefined ? { resolve } : { resolve, trusted };
  const sink = await openWebhook(settingsSchema.parse(settings), { now: () => new Date() }, surroundings);
  const [outcome] = await sink.deliver(sampleDeliveries() as [Delivery], new AbortController().signal);
  await sink[Symbol.asyncDispose]();
  return outcome;
}

const distrust = { ok: false, failure: { kind: 'config', message: expect.stringContaining('certificate') } };

test('a receiver with a certificate of its name gets the envelope', async () => {
  expect(await deliverTo('receiver.example', certificate)).toMatchObject({ ok: true });
  expect(receiver.kept.size).toBe(1);
});

test('one with a certificate that nobody vouches for gets nothing', async () => {
  expect(await deliverTo('receiver.example')).toMatchObject(distrust);
  expect(receiver.kept.size).toBe(0);
});

test('one with a certificate of another name gets nothing', async () => {
  expect(await deliverTo('other.example', certificate)).toMatchObject(distrust);
  expect(receiver.kept.size).toBe(0);
});

test('one that does not speak TLS is a matter of the url', async () => {
  const plain = await serve(receiver.listener);
  const port = (plain.server.address() as AddressInfo).port;
  expect(await deliverTo('receiver.example', certificate, port)).toMatchObject({
    ok: false,
    failure: { kind: 'config', message: expect.stringContaining('does not speak TLS') },
  });
  await plain[Symbol.asyncDispose]();
});
