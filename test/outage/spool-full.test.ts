import { expect, test } from 'vitest';
import { requirePostgresUrl } from '../crash/support/databases.js';
import { expectAllKept } from '../crash/support/kept.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { addDesk, Traffic } from '../support/traffic.js';
import { DatabaseProxy } from './support/database-proxy.js';
import { smallDisk } from './support/small-disk.js';

/** Fills the spool and says how the gateway answered the messages that it had no room for. */
async function expectFullSpoolRefused(gateway: GatewayProcess, traffic: Traffic): Promise<void> {
  await traffic.send(gateway, { each: 1_000 });
  expect(traffic.brokenConnections).toBe(0);
  expect(traffic.answered.length, 'messages are taken while there is room').toBeGreaterThan(20);
  expect(traffic.refusals.length, 'every conversation ends at the full spool').toBe(
    traffic.conversations.length,
  );
  expect(traffic.answered.length + traffic.conversations.length).toBe(traffic.messages.length);
  for (const { status, headers } of traffic.refusals) {
    expect(status).toBe(503);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
}

test(
  'a full spool: 503 with Retry-After and never a 200; what had a 200 is kept',
  {
    timeout: 120_000,
  },
  async (context) => {
    // What may skip the test comes before what it would have to clean up.
    // A megabyte is room for some hundred captures.
    const spool = await smallDisk(context, 1);
    const line = await DatabaseProxy.open(await requirePostgresUrl(context));
    const gateway = await GatewayProcess.start({
      databaseUrl: line.url,
      environment: { ARCHWAY_SPOOL_DIR: spool, ARCHWAY_SPOOL_FREE_MIN_MB: '0' },
    });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 8, seed: 1 });
    line.cut();
    await expectFullSpoolRefused(gateway, traffic);
    const taken = traffic.answered;
    line.mend();
    await expectAllKept(gateway, taken);
    await traffic.resend(gateway);
    await expectAllKept(gateway, traffic.messages);
    await gateway.stop();
  },
);

test(
  'a disk that takes only a part of what is written: 503, never a 200; what had a 200 is kept',
  {
    timeout: 120_000,
  },
  async (context) => {
    const line = await DatabaseProxy.open(await requirePostgresUrl(context));
    const gateway = await GatewayProcess.create({ databaseUrl: line.url });
    // The kernel cuts a write that crosses the limit, as a disk does when it fills up during the write.
    const limited = ['sh', '-c', 'ulimit -f 100 && exec "$@"', 'limited'];
    await gateway.start({ launcher: limited });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 8, seed: 2 });
    line.cut();
    await traffic.send(gateway, { each: 60 });
    const taken = traffic.answered;
    expect(taken.length).toBeGreaterThan(20);
    expect(traffic.refusals.map(({ status }) => status)).toEqual(traffic.refusals.map(() => 503));
    line.mend();
    await expectAllKept(gateway, taken);
    await gateway.stop();
  },
);
