import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config/index.js';
import { type Gateway, startGateway } from '../gateway/index.js';
import { loadBuiltIns } from '../plugins/built-ins.js';
import { createRegistry } from '../plugins/registry.js';
import { createLog } from '../telemetry/log.js';
import { type CallApi, openApi, settled } from './demo/api.js';
import { callOfTheDay } from './demo/call.js';
import { type Check, checkArchive, checkConversation, checkSealed } from './demo/checks.js';
import { client, custodian, danasPhone, desk } from './demo/people.js';
import { playProviders } from './demo/providers.js';
import { chatOfTheDay, secretToken, sendAsTelegram, telegramTexts, token } from './demo/telegram.js';
import { texts, textsOfTheDay } from './demo/texts.js';
import { accountSid, authToken, sendAsTwilio, type Target } from './demo/twilio.js';
import { whatsappTexts, withPlayedSession } from './demo/whatsapp.js';
import { type Io, write } from './io.js';

type Say = (line?: string) => Promise<void>;

/** Shows the main job: a gateway, a day of traffic over four channels, and what was kept. */
export async function demo(io: Io): Promise<number> {
  const say: Say = async (line = '') => {
    await write(io.stdout, `${line}\n`);
  };
  const dataDirectory = await mkdtemp(join(tmpdir(), 'archway-demo-'));
  await say('Starting a gateway on the embedded database (the first start takes some seconds) …');
  const config = readConfig({
    ARCHWAY_DATA_DIR: dataDirectory,
    ARCHWAY_PUBLIC_URL: 'https://archway.example.com',
    // Twilio and Telegram are played on this machine.
    ARCHWAY_ALLOW_TEST_ENDPOINTS: '1',
    PORT: '0',
    ADMIN_PORT: '0',
  });
  const providers = await playProviders();
  const gateway = await startGateway(config, createLog({ level: 'fatal' }), loadPlayed);
  try {
    const checks = await runDay(gateway, providers.url, dataDirectory, say);
    await say();
    await say('Checked:');
    for (const { ok, what } of checks) await say(`  ${ok ? 'yes' : 'NO '}  ${what}`);
    await say();
    await say(`The archive (one file a record):  ${join(dataDirectory, 'archive')}`);
    await say(`The gateway's own data, sealed:   ${dataDirectory}`);
    await say(`Look around with:                 ARCHWAY_DATA_DIR=${dataDirectory} npm start`);
    await say(
      `and, in another terminal:         ARCHWAY_DATA_DIR=${dataDirectory} npx archway conversations`,
    );
    return checks.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await gateway.stop();
    providers.close();
  }
}

async function loadPlayed() {
  const { connectors, sinks } = await loadBuiltIns();
  return createRegistry(
    connectors.map((connector) => (connector.id === 'whatsapp' ? withPlayedSession(connector) : connector)),
    sinks,
  );
}

async function runDay(
  gateway: Gateway,
  providerUrl: string,
  dataDirectory: string,
  say: Say,
): Promise<Check[]> {
  const key = (await readFile(join(dataDirectory, 'admin-key'), 'utf8')).trim();
  const api = openApi(`${gateway.adminListener.url}/v1`, key);
  await api('/custodians', custodian);
  await api('/contacts', client);
  const forged = await playChannels(api, gateway.publicListener.url, providerUrl, say);
  const messages = texts.length + 3 + whatsappTexts.length + 1;
  const records = await settled(api);
  const secrets = [
    ...texts.map(([, , text]) => text),
    ...whatsappTexts,
    ...telegramTexts,
    ...custodian.addresses,
    '2025550171',
    custodian.name,
    client.name,
    authToken,
    token,
    secretToken,
  ];
  return [
    { what: 'the forged message was refused', ok: forged === 403 },
    ...(await checkArchive(join(dataDirectory, 'archive'), { records, messages })),
    await checkConversation(api, { custodian: custodian.name, contact: client.name }),
    await checkSealed(dataDirectory, secrets),
  ];
}

/** Plays the day. @returns what a stranger's message was answered. */
async function playChannels(
  api: CallApi,
  listenerUrl: string,
  apiBaseUrl: string,
  say: Say,
): Promise<number> {
  const twilio = { accountSid, authToken, apiBaseUrl };
  const add = async (connector: string, name: string, settings: object): Promise<Target['webhooks']> =>
    (await api('/accounts', { connector, name, settings })).webhooks as Target['webhooks'];
  const sms: Target = {
    listenerUrl,
    webhooks: await add('twilio-sms', 'desk', { ...twilio, numbers: desk }),
  };
  await say(`Account "desk" receives on ${sms.webhooks.messages}`);
  await say();
  const steps = textsOfTheDay(apiBaseUrl);
  for (const { what, request } of steps) await say(`  ${await sendAsTwilio(sms, request)}  ${what}`);
  const [first] = steps;
  if (first === undefined) throw new Error('The day has no texts.');
  await say(`  ${await sendAsTwilio(sms, first.request)}  Twilio delivers the first message a second time`);
  const forged = await sendAsTwilio({ ...sms, authToken: 'somebody-elses-token' }, first.request);
  await say(`  ${forged}  A stranger posts a message with a forged signature`);

  const whatsapp = { number: danasPhone, socketUrl: 'ws://127.0.0.1:9/', history: 'none' };
  await add('whatsapp', 'danas-phone', whatsapp);
  await say("       Lena and Dana write on WhatsApp (WhatsApp's servers cannot be played: its session is)");

  const voice = { ...twilio, number: desk, forwardTo: danasPhone };
  const calls: Target = { listenerUrl, webhooks: await add('twilio-voice', 'desk-calls', voice) };
  for (const { what, request } of callOfTheDay(apiBaseUrl))
    await say(`  ${await sendAsTwilio(calls, request)}  ${what}`);

  const bot = await add('telegram', 'bot', { token, secretToken, apiBaseUrl });
  const chat = { listenerUrl, webhookUrl: bot.updates as string };
  for (const { what, request } of chatOfTheDay())
    await say(`  ${await sendAsTelegram(chat, request)}  ${what}`);
  return forged;
}
