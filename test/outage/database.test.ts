import { setTimeout as sleep } from 'node:timers/promises';
import { expect, type TestContext, test } from 'vitest';
import { requirePostgresUrl, skip } from '../crash/support/databases.js';
import { expectAllKept, type Status } from '../crash/support/kept.js';
import { isLongRun } from '../crash/support/rounds.js';
import { GatewayProcess, until } from '../support/gateway-process.js';
import { findPostgres, PostgresServer } from '../support/postgres-server.js';
import { addDesk, Traffic } from '../support/traffic.js';
import { DatabaseProxy } from './support/database-proxy.js';

const outageMs = isLongRun ? 20_000 : 3_000;
/** Longer than the gateway waits for a commit. */
const silenceMs = 8_000;

async function requireServer(context: TestContext): Promise<PostgresServer> {
  const programs = findPostgres();
  return typeof programs === 'string' ? skip(context, programs) : PostgresServer.start(programs);
}

/** As much as a busy machine records and archives while it comes in: what matters here is the order, not the amount. */
const pauseMs = 20;

async function isSpoolEmpty(gateway: GatewayProcess): Promise<boolean> {
  return !(await gateway.call<Status>('GET', '/v1/status')).spool.waiting;
}

/** A few requests may be refused while the outage is being noticed; each of them is told when to try again. */
function expectOnlyRetriesAsked(traffic: Traffic): void {
  expect(traffic.brokenConnections).toBe(0);
  expect(traffic.refusals.map(({ status }) => status)).toEqual(traffic.refusals.map(() => 503));
  for (const { headers } of traffic.refusals) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(traffic.refusals.length).toBeLessThan(20);
}

test(
  'the server is killed and comes back, twice, under load: nothing is lost, the order holds',
  {
    timeout: 180_000,
  },
  async (context) => {
    const server = await requireServer(context);
    const gateway = await GatewayProcess.start({ databaseUrl: server.url });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 12, seed: 1 });
    const load = traffic.send(gateway, { unanswered: 'retry', pauseMs });
    await sleep(500);
    for (let outage = 0; outage < 2; outage += 1) {
      const before = traffic.answered.length;
      await server.stop();
      await sleep(outageMs);
      const isTaking = async () => traffic.answered.length > before;
      await until(isTaking, 60_000, 'No message was taken while the database was away');
      expect(gateway.isRunning).toBe(true);
      await server.start();
      await until(() => isSpoolEmpty(gateway), 90_000, 'The spool was not drained under load');
    }
    traffic.stop();
    await load;
    await traffic.resend(gateway);
    expectOnlyRetriesAsked(traffic);
    await expectAllKept(gateway, traffic.messages);
    await gateway.stop();
  },
);

test(
  'the network swallows everything for a while: nothing is lost, the order holds',
  {
    timeout: 180_000,
  },
  async (context) => {
    const line = await DatabaseProxy.open(await requirePostgresUrl(context));
    const gateway = await GatewayProcess.start({ databaseUrl: line.url });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 12, seed: 2 });
    const load = traffic.send(gateway, { unanswered: 'retry', pauseMs });
    await sleep(500);
    line.silence();
    const before = traffic.answered.length;
    await sleep(silenceMs);
    const isTaking = async () => traffic.answered.length > before + 12;
    await until(isTaking, 60_000, 'No messages were taken while nothing answered');
    line.mend();
    await sleep(500);
    traffic.stop();
    await load;
    await traffic.resend(gateway);
    expectOnlyRetriesAsked(traffic);
    await expectAllKept(gateway, traffic.messages);
    await gateway.stop();
  },
);

test(
  'killed while its spool is not empty: says that it needs the database, and drains the spool once it has it',
  {
    timeout: 120_000,
  },
  async (context) => {
    const line = await DatabaseProxy.open(await requirePostgresUrl(context));
    const gateway = await GatewayProcess.start({ databaseUrl: line.url });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 6, seed: 3 });
    await traffic.send(gateway, { each: 2 });
    line.cut();
    await traffic.send(gateway, { each: 4 });
    expect(traffic.answered.length).toBe(36);
    await gateway.killNow();

    gateway.launch();
    const { code } = await gateway.exited;
    expect(code).toBe(1);
    expect(gateway.log).toMatch(/database cannot be reached.*DATABASE_URL/i);

    line.mend();
    await gateway.start();
    await expectAllKept(gateway, traffic.messages);
    await gateway.stop();
  },
);
