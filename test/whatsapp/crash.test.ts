import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { seededRandom } from '../../src/testkit/random.js';
import { rounds, seed } from '../crash/support/rounds.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, patiently, testEndpoints } from './support/account.js';
import { WhatsAppTraffic } from './support/traffic.js';

const killRounds = Math.max(5, rounds);
const roundMaxMs = 30_000;

async function linked(server: WhatsAppServer): Promise<[GatewayProcess, WhatsAppTraffic]> {
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server);
  const traffic = new WhatsAppTraffic(server, await linkPhone(gateway, server));
  return [gateway, traffic];
}

describe('each message is recorded once, though the gateway is killed', () => {
  it.each(['session:before-commit', 'session:after-commit'] as const)(
    'at %s, at any of its passes',
    async (point) => {
      await using server = await WhatsAppServer.start();
      const [gateway, traffic] = await linked(server);
      for (let pass = 1; pass <= 4; pass += 1) {
        await gateway.stop();
        await gateway.start({ crashAt: { point, pass } });
        await patiently(() => traffic.device.isOnline);
        gateway.armFailPoint();
        await traffic.some();
        await gateway.diedAtFailPoint();
        await gateway.start();
        await traffic.expectAllKept(gateway);
      }
    },
    10 * roundMaxMs,
  );

  it(
    'when its receipt arrives, or its acknowledgement',
    async () => {
      await using server = await WhatsAppServer.start();
      const [gateway, traffic] = await linked(server);
      let fatal: string | undefined;
      server.seen.watch(({ node }) => {
        if (node.tag !== fatal) return;
        fatal = undefined;
        void gateway.killNow();
      });
      for (const tag of ['receipt', 'ack', 'receipt']) {
        fatal = tag;
        await traffic.some();
        await gateway.exited;
        await gateway.start();
        await traffic.expectAllKept(gateway);
      }
    },
    5 * roundMaxMs,
  );

  it(
    `at ${killRounds} random moments under load`,
    async () => {
      console.log(`WhatsApp kills: ${killRounds} rounds with ARCHWAY_TEST_SEED=${seed}.`);
      const random = seededRandom(seed);
      await using server = await WhatsAppServer.start();
      const [gateway, traffic] = await linked(server);
      for (let round = 1; round <= killRounds; round += 1) {
        const load = (async () => {
          for (let count = 0; count < 5; count += 1) {
            await traffic.some();
            await sleep(random.below(100));
          }
        })();
        await sleep(random.below(800));
        await gateway.killNow();
        await load;
        await gateway.start();
      }
      await traffic.expectAllKept(gateway);
    },
    60_000 + killRounds * roundMaxMs,
  );
});
