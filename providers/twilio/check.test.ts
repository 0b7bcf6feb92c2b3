import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkAtTwilio, type ExpectedUrl } from './check.js';

const accountSid = `AC${'0'.repeat(32)}`;
const url = 'https://archway.example.com/webhooks/1/messages';
const expected: ExpectedUrl = { number: '+14155550100', kind: 'sms', url };

let close: () => void = () => undefined;
afterEach(() => close());

/** Twilio, with this account and these numbers. */
async function twilioWith(account: object, numbers: readonly object[], status = 200) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = request.url?.includes('IncomingPhoneNumbers')
      ? { incoming_phone_numbers: numbers }
      : account;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => server.close();
  const apiBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = { accountSid, authToken: 'made-up', apiBaseUrl };
  const checkAll = (urls: readonly ExpectedUrl[]) =>
    checkAtTwilio({ settings, signal: new AbortController().signal }, urls);
  return { check: () => checkAll([expected]), checkAll, asked };
}

describe('an account at Twilio', () => {
  it('is well when it is active and its number leads here', async () => {
    const { check, asked } = await twilioWith({ status: 'active' }, [{ sms_url: `${url}#rc=5&rp=all` }]);
    expect((await check()).map(({ ok }) => ok)).toEqual([true, true]);
    expect(asked.at(-1)).toContain('PhoneNumber=%2B14155550100');
  });

  it('is told of the retries that its number lacks', async () => {
    const { check } = await twilioWith({ status: 'active' }, [{ sms_url: url }]);
    expect((await check())[1]).toMatchObject({ ok: true, detail: expect.stringContaining('only once more') });
  });

  it.each([
    ['leads elsewhere', [{ sms_url: 'https://elsewhere.example.com/sms' }], /another URL/],
    ['leads nowhere', [{ sms_url: '' }], /no URL/],
    ['is not in the account', [], /no number/],
  ])('is not well when its number %s', async (_, numbers, words) => {
    const { check } = await twilioWith({ status: 'active' }, numbers);
    expect((await check())[1]).toMatchObject({ ok: false, detail: expect.stringMatching(words) });
  });

  it('is looked at for calls and their status each by itself', async () => {
    const voice_url = 'https://archway.example.com/webhooks/1/voice#rc=5&rp=all';
    const { checkAll } = await twilioWith({ status: 'active' }, [{ voice_url, status_callback: '' }]);
    const checks = await checkAll([
      { number: '+14155550100', kind: 'voice', url: voice_url.split('#')[0] ?? '' },
      { number: '+14155550100', kind: 'call-status', url: 'https://archway.example.com/webhooks/1/status' },
    ]);
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['credentials', true],
      ['number-voice-url', true],
      ['number-call-status-url', false],
    ]);
    expect(checks[2]?.detail).toContain('Call status changes');
    expect(checks[2]?.remedy).toContain('/status#rc=5&rp=all');
  });

  it('is not well when it is suspended', async () => {
    const { check } = await twilioWith({ status: 'suspended' }, []);
    expect((await check())[0]).toMatchObject({ ok: false, detail: expect.stringContaining('suspended') });
  });

  it('whose credentials are refused says so', async () => {
    const { check } = await twilioWith({}, [], 401);
    await expect(check()).rejects.toMatchObject({ name: 'Failure', kind: 'auth' });
  });
});
