import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { seededRandom } from '../../src/testkit/random.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { addDesk, Traffic } from '../support/traffic.js';
import { freshDatabaseUrl } from './support/databases.js';
import { expectAllKept } from './support/kept.js';
import { rounds, seed } from './support/rounds.js';

const loadMaxMs = 1_000;
const startUpMaxMs = 1_500;
const roundMaxMs = 15_000;

test(
  `${rounds} times killed at a random moment under load, on one data directory: each message is kept once`,
  { timeout: 60_000 + rounds * roundMaxMs },
  async () => {
    console.log(`Random kills: ${rounds} rounds with ARCHWAY_TEST_SEED=${seed}.`);
    const random = seededRandom(seed);
    const gateway = await GatewayProcess.start({ databaseUrl: await freshDatabaseUrl() });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 8, seed });
    for (let round = 1; round <= rounds; round += 1) {
      const load = traffic.send(gateway);
      await sleep(random.below(loadMaxMs));
      await gateway.killNow();
      await load;
      // Some die again while they recover.
      if (random.below(4) === 0) {
        gateway.launch();
        await sleep(random.below(startUpMaxMs));
        await gateway.killNow();
      }
      await gateway.start();
    }
    await traffic.resend(gateway);
    await expectAllKept(gateway, traffic.messages);
    console.log(
      `Random kills: ${traffic.messages.length} messages, ${traffic.brokenConnections} sent again.`,
    );
    await gateway.stop();
  },
);
