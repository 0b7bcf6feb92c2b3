import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../config/index.js';
import { type Gateway, startGateway } from '../gateway/index.js';
import { createLog } from '../telemetry/log.js';
import { type Check, checkArchive, checkSealed } from './demo/checks.js';
import { accountSid, custodian, dayOfTraffic, texts } from './demo/day.js';
import { send, type Target } from './demo/requests.js';
import { type Io, write } from './io.js';

const authToken = 'a-made-up-twilio-auth-token-demo';
const archiveWaitMaxMs = 30_000;

/** Shows the main job: a gateway, a day of signed traffic through its public door, and what was kept. */
export async function demo(io: Io): Promise<number> {
  const say = async (line = ''): Promise<void> => {
    await write(io.stdout, `${line}\n`);
  };
  const dataDirectory = await mkdtemp(join(tmpdir(), 'archway-demo-'));
  await say('Starting a gateway on the embedded database (the first start takes some seconds) …');
  const config = readConfig({
    ARCHWAY_DATA_DIR: dataDirectory,
    ARCHWAY_PUBLIC_URL: 'https://archway.example.com',
    PORT: '0',
    ADMIN_PORT: '0',
  });
  const gateway = await startGateway(config, createLog({ level: 'fatal' }));
  try {
    const checks = await runDay(gateway, dataDirectory, say);
    await say();
    await say('Checked:');
    for (const { ok, what } of checks) await say(`  ${ok ? 'yes' : 'NO '}  ${what}`);
    await say();
    await say(`The archive (one file a record):  ${join(dataDirectory, 'archive')}`);
    await say(`The gateway's own data, sealed:   ${dataDirectory}`);
    await say(`Look around with:                 ARCHWAY_DATA_DIR=${dataDirectory} npm start`);
    await say(`and, in another terminal:         ARCHWAY_DATA_DIR=${dataDirectory} npx archway messages`);
    return checks.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await gateway.stop();
  }
}

async function runDay(
  gateway: Gateway,
  dataDirectory: string,
  say: (line?: string) => Promise<void>,
): Promise<Check[]> {
  const key = (await readFile(join(dataDirectory, 'admin-key'), 'utf8')).trim();
  const api = (path: string, body?: unknown) => callApi(`${gateway.adminListener.url}/v1${path}`, key, body);
  await api('/custodians', { name: custodian.name, addresses: [custodian.address] });
  const settings = { accountSid, authToken, numbers: custodian.address };
  const account = await api('/accounts', { connector: 'twilio-sms', name: 'desk', settings });
  const target: Target = {
    listenerUrl: gateway.publicListener.url,
    webhooks: account.webhooks as Target['webhooks'],
    authToken,
  };

  await say(`Account "desk" receives on ${target.webhooks.messages}`);
  await say();
  const steps = dayOfTraffic();
  for (const { what, request } of steps) await say(`  ${await send(target, request)}  ${what}`);
  const [first] = steps;
  if (first === undefined) throw new Error('The day has no traffic.');
  await say(`  ${await send(target, first.request)}  Twilio delivers the first message a second time`);
  const forged = await send({ ...target, authToken: 'somebody-elses-token' }, first.request);
  await say(`  ${forged}  A stranger posts a message with a forged signature`);

  const messages = steps.filter(({ request }) => request.endpoint === 'messages').length;
  const consents = 2;
  const expected = { records: steps.length + consents, messages };
  await waitForArchive(api, expected.records);
  const secrets = [
    ...texts.map(([, , text]) => text),
    custodian.address,
    '2025550171',
    custodian.name,
    authToken,
  ];
  return [
    { what: 'the forged message was refused', ok: forged === 403 },
    ...(await checkArchive(join(dataDirectory, 'archive'), expected)),
    await checkSealed(dataDirectory, secrets),
  ];
}

async function waitForArchive(
  api: (path: string) => Promise<Record<string, unknown>>,
  records: number,
): Promise<void> {
  const deadline = Date.now() + archiveWaitMaxMs;
  while (Date.now() < deadline) {
    const status = (await api('/status')) as { deliveries: { delivered: number } };
    if (status.deliveries.delivered >= records) return;
    await sleep(100);
  }
}

async function callApi(url: string, key: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`The gateway answered ${response.status} to ${new URL(url).pathname}.`);
  return (await response.json()) as Record<string, unknown>;
}
