import { expect, it } from 'vitest';
import { type Connector, Failure } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { checkAtProvider } from './provider-check.js';

const accountWith = (check: Connector['check']) =>
  ({ id: 'a1', settings: {}, connector: { id: 'test', check } }) as unknown as Account;

const publicUrl = 'https://archway.example.com';

it('says what the provider says, which knows our webhooks', async () => {
  const account = accountWith(async ({ webhookUrl }) => [
    { name: 'webhook', ok: true, detail: webhookUrl('updates') },
  ]);
  expect(await checkAtProvider(account, publicUrl)).toEqual([
    { name: 'webhook', ok: true, detail: 'https://archway.example.com/webhooks/a1/updates' },
  ]);
});

it('says nothing of a connector that cannot ask', async () => {
  expect(await checkAtProvider(accountWith(undefined), publicUrl)).toEqual([]);
});

it('makes a check of a failure, with what to do', async () => {
  const account = accountWith(async () => {
    throw new Failure('auth', 'The token is not valid.');
  });
  expect(await checkAtProvider(account, publicUrl)).toEqual([
    {
      name: 'provider',
      ok: false,
      detail: 'The token is not valid.',
      remedy: expect.stringContaining('credentials'),
    },
  ]);
});

it('shows nothing of what else a connector throws', async () => {
  for (const check of [
    async () => Promise.reject(new TypeError('secret')),
    () => {
      throw new TypeError('secret');
    },
  ]) {
    const checks = await checkAtProvider(accountWith(check), publicUrl);
    expect(checks).toMatchObject([{ ok: false }]);
    expect(JSON.stringify(checks)).not.toContain('secret');
  }
});
