import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutboundMessage } from 'archway/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownIdOf } from '../../providers/twilio/own-url.js';

import { route } from './route.js';
import { send } from './send.js';
import { settingsSchema } from './settings.js';
import { subject } from './testing.js';

const id = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
const statusUrl = 'https://archway.example.com/webhooks/a/status';
const sid = `SM${'7'.repeat(32)}`;

/** Twilio, which takes everything, or answers `body`. */
const seen: { url: string; form: URLSearchParams }[] = [];
let body = JSON.stringify({ sid, status: 'queued' });
const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  request.on('end', () => {
    seen.push({ url: request.url ?? '', form: new URLSearchParams(text) });
    response.writeHead(201, { 'content-type': 'application/json' }).end(body);
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function sent(
  change: Partial<OutboundMessage> = {},
  settings: Record<string, unknown> = {},
  to = '+12025550123',
) {
  seen.splice(0);
  const apiBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const parsed = settingsSchema.parse({ ...subject.settings, apiBaseUrl, ...settings });
  const routed = route({ to, mediaCount: 0 }, parsed);
  if (!routed.ok) throw new Error(routed.reason);
  const { from, to: recipient } = routed.route;
  const message = {
    id,
    from,
    to: recipient,
    text: 'Hello',
    media: [],
    callbackUrl: () => statusUrl,
    ...change,
  };
  const context = { settings: parsed, signal: new AbortController().signal, now: () => new Date() };
  const accepted = await send(message, context);
  return { accepted, form: seen[0]?.form as URLSearchParams, url: seen[0]?.url };
}

const media = (url: string) => ({
  url,
  contentType: 'image/png',
  byteLength: 1,
  open: async () => ReadableStream.from([]) as ReadableStream<Uint8Array>,
});

describe('a message to Twilio', () => {
  it('says who writes to whom, what, and where to report', async () => {
    const { accepted, form, url } = await sent();
    expect(accepted).toEqual({ providerId: sid, aliases: [`message/${sid}`] });
    expect(url).toBe(`/2010-04-01/Accounts/${subject.settings.accountSid}/Messages.json`);
    expect(Object.fromEntries(form)).toEqual({
      From: '+12025550100',
      To: '+12025550123',
      Body: 'Hello',
      StatusCallback: expect.stringContaining(statusUrl),
    });
  });

  it('has its own id in the address for reports, as the parser reads it, with the options for retries', async () => {
    const { form } = await sent();
    const callback = form.get('StatusCallback') ?? '';
    expect(new URL(callback).hash).toBe('#rc=5&rp=all');
    expect(ownIdOf(callback, 'message')).toBe(id);
  });

  it('names the messaging service beside the sender', async () => {
    const messagingServiceSid = `MG${'5'.repeat(32)}`;
    const { form } = await sent({}, { messagingServiceSid });
    expect(form.get('MessagingServiceSid')).toBe(messagingServiceSid);
    expect(form.get('From')).toBe('+12025550100');
  });

  it('writes by WhatsApp from the sender for WhatsApp', async () => {
    const { form } = await sent({}, {}, 'whatsapp:+12025550123');
    expect([form.get('From'), form.get('To')]).toEqual(['whatsapp:+12025550101', 'whatsapp:+12025550123']);
  });

  it('lists its media, and has no body where it has no text', async () => {
    const urls = ['https://archway.example.com/media/a', 'https://archway.example.com/media/b'];
    const { form } = await sent({ text: undefined, media: urls.map(media) });
    expect(form.getAll('MediaUrl')).toEqual(urls);
    expect(form.has('Body')).toBe(false);
  });

  it('has no known end where Twilio takes it without naming it', async () => {
    const usual = body;
    body = '{"status":"queued"}';
    await expect(sent()).rejects.toMatchObject({ name: 'Failure', kind: 'indeterminate' });
    body = usual;
  });
});
