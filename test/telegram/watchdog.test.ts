import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { archway } from '../support/command-line.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { changeAtRest } from '../support/hours-ago.js';
import { until } from '../support/until.js';
import { addBot } from './bot.js';
import { BotApiServer } from './bot-api-server.js';

interface Alert {
  readonly reason: string;
  readonly subject: string;
  readonly closedAt: string | null;
}

const said = async (gateway: GatewayProcess, ...args: string[]) => (await archway(gateway, ...args)).stdout;

const alertsOf = (gateway: GatewayProcess) => gateway.list<Alert>('/v1/alerts');

/** How many alerts of accounts that are not open the metrics count. */
async function counted(gateway: GatewayProcess): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${await gateway.adminKey()}` };
  const text = await (await fetch(`${gateway.adminUrl}/metrics`, { headers })).text();
  return /archway_alerts_open\{reason="account-not-open"\} (\d+)/.exec(text)?.[1];
}

async function gapsOf(gateway: GatewayProcess) {
  const records = await gateway.list<Envelope>('/v1/records');
  return records.flatMap(({ content }) =>
    content.kind === 'gap' && content.reason === 'account-not-open' ? [content] : [],
  );
}

it('an account that should be open and is not shows in API, command line and metrics, and as a gap that closes', async () => {
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl });
  const api = await BotApiServer.start('5550100:AAtheTokenAfterItsRotation-0123456789');
  await addBot(gateway, api, 'mode=polling');
  await until(async () => /\bdegraded\b/.test(await said(gateway, 'account', 'list')));
  expect(await alertsOf(gateway), 'an account has some minutes before it is worth an alert').toEqual([]);
  await gateway.stop();
  await changeAtRest(gateway, databaseUrl, async ({ sql }) => {
    await sql`update sessions set not_open_since = not_open_since - interval '10 minutes'`;
  });
  await gateway.start();

  await until(async () => (await counted(gateway)) === '1');
  expect(await alertsOf(gateway)).toMatchObject([{ reason: 'account-not-open', closedAt: null }]);
  expect(await said(gateway, 'alerts')).toMatch(/account-not-open\n.*is not open \((degraded|connecting)\)/);
  expect(await said(gateway, 'account', 'show', 'bot')).toMatch(/session .*(degraded|connecting)/);
  await until(async () => (await gapsOf(gateway)).length === 1);
  const [opened] = await gapsOf(gateway);
  const notOpenMs = Date.now() - Date.parse(opened?.since ?? '');
  expect(notOpenMs).toBeGreaterThan(10 * 60_000);
  expect(opened).toMatchObject({ state: 'open', detail: expect.stringContaining('tried again by itself') });

  await archway(gateway, 'account', 'set', 'bot', '--set', `token=${api.token}`);
  await until(async () => (await counted(gateway)) === '0');
  expect(await said(gateway, 'alerts')).toBe('');
  expect(await said(gateway, 'alerts', '--all')).toMatch(/account-not-open, over since/);
  await until(async () => (await gapsOf(gateway)).length === 2);
  expect((await gapsOf(gateway))[1]).toMatchObject({
    state: 'closed',
    about: opened?.key,
    since: opened?.since,
  });
  await gateway.stop();
});
