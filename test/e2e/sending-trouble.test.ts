import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { archway, archwayJson } from '../support/command-line.js';
import { freePort, until } from '../support/gateway-process.js';
import { addDeskAtTwilio, client, concluded, type Outbound, requested } from '../support/outbound.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk } from '../support/traffic.js';
import { breaking, refusing, type SeenSend, TwilioApi, taken } from '../support/twilio-api.js';

interface Account {
  readonly sendingTrouble: { readonly kind: string; readonly explanation: string } | null;
}

it('sends files by the command line; the same command again is the same message', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  const folder = await mkdtemp(join(tmpdir(), 'archway-media-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'chart.png'), 'a picture');
  await writeFile(join(folder, 'terms.pdf'), 'a document');
  const files = ['chart.png', 'terms.pdf'].flatMap((name) => ['--media', join(folder, name)]);
  const command = ['send', '--account', 'desk', '--to', client, '--key', 'order-7', ...files];
  const [first] = await archwayJson<{ id: string }>(gateway, ...command);
  expect(await archwayJson(gateway, ...command), 'asked again').toMatchObject([{ id: first?.id }]);
  expect(await concluded(gateway, first?.id ?? '')).toMatchObject({ state: 'accepted' });
  expect(api.seen).toHaveLength(1);
  const fetched = (api.seen[0]?.mediaUrls ?? []).map(async (url) => {
    const response = await fetch(`${gateway.webhookBase}${new URL(url).pathname}`);
    return `${response.headers.get('content-type')}: ${await response.text()}`;
  });
  expect(await Promise.all(fetched)).toEqual(['image/png: a picture', 'application/pdf: a document']);

  await writeFile(join(folder, 'chart.png'), 'another picture');
  expect(await archway(gateway, ...command)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('key'),
  });
});

it('lists what has no answer, and takes from a person what became of it', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = breaking;
  const id = await requested(gateway);
  await concluded(gateway, id);
  const list = ['outbound', 'list', '--state', 'indeterminate'];
  expect(await archwayJson<Outbound>(gateway, ...list)).toMatchObject([{ id, reason: 'indeterminate' }]);
  expect(await archwayJson(gateway, 'outbound', 'resolve', id, 'sent')).toMatchObject([
    { state: 'accepted' },
  ]);
  expect(await archwayJson(gateway, ...list)).toEqual([]);
});

const credentialsOf = ({ authorization }: SeenSend) =>
  Buffer.from(authorization.slice('Basic '.length), 'base64').toString();

it('shows that an account cannot send and why, until its settings change', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = refusing(401, 20003);
  const id = await requested(gateway);
  const trouble = async () => (await gateway.list<Account>('/v1/accounts'))[0]?.sendingTrouble;
  await until(async () => (await trouble())?.kind === 'auth', 30_000, 'The account is not paused');
  expect((await trouble())?.explanation).toContain('archway account set');
  expect((await archway(gateway, 'account', 'list')).stdout).toContain('paused: auth');
  expect((await archway(gateway, 'account', 'show', 'desk')).stdout).toContain('archway account set');
  // The public address is made up, so the test as a whole fails; what it says of sending is what counts.
  const told = (await archway(gateway, 'account', 'test', 'desk')).stdout;
  expect(told).toMatch(/fail {2}sending .*20003/);
  expect(await gateway.call('GET', '/v1/status')).toMatchObject({
    outbound: { waiting: 1, pausedAccounts: 1 },
  });
  // The pause ends by itself, too: only the new token is taken, so that it shows what was changed.
  api.answer = (seen, response) =>
    (credentialsOf(seen).endsWith(':another-token') ? taken : refusing(401, 20003))(seen, response);
  const changed = await archway(gateway, 'account', 'set', 'desk', '--set', 'authToken=another-token');
  expect(changed).toMatchObject({ code: 0 });
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
  expect(api.seen.map(credentialsOf).filter((each) => each.endsWith(':another-token'))).toHaveLength(1);
  expect(await trouble()).toBeNull();
  expect((await archway(gateway, 'account', 'test', 'desk')).stdout).toMatch(/ok {4}sending/);
  expect(await gateway.call('GET', '/v1/status')).toMatchObject({
    outbound: { waiting: 0, pausedAccounts: 0 },
  });
});

it('goes on at once when the operator says so', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  const nobody = await freePort();
  await addDesk(gateway, { apiBaseUrl: `http://127.0.0.1:${nobody}`, messagesPerSecond: '100' });
  const id = await requested(gateway);
  const trouble = async () => (await gateway.list<Account>('/v1/accounts'))[0]?.sendingTrouble;
  await until(async () => (await trouble())?.kind === 'unavailable', 30_000, 'The account is not paused');
  await api.listenAt(nobody);
  expect(await archway(gateway, 'account', 'resume', 'desk')).toMatchObject({ code: 0 });
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
  expect(await trouble()).toBeNull();
  expect(await archway(gateway, 'account', 'resume', 'nobody')).toMatchObject({ code: 4 });
});
