import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { requirePostgresUrl } from '../crash/support/databases.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { letLeasesEnd } from '../support/hours-ago.js';
import { WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, patiently, testEndpoints, textsOf } from './support/account.js';

it('of two gateways one has the session; when it dies the other one goes on with the same keys', async (context) => {
  const databaseUrl = await requirePostgresUrl(context);
  const environment = { ...testEndpoints, ARCHWAY_MASTER_KEY: randomBytes(32).toString('base64') };
  await using server = await WhatsAppServer.start();
  const first = await GatewayProcess.start({ databaseUrl, environment });
  await addPhone(first, server);
  const device = await linkPhone(first, server);
  const robin = server.peer({ phone: '+14155550101', pushName: 'Robin' });
  const logins = () => server.seen.queries('passive').length;
  const before = logins();
  const second = await GatewayProcess.start({ databaseUrl, environment });
  // Longer than the second one needs to find the account and to ask for its session.
  for (const text of ['one', 'two', 'three']) {
    await robin.send(device, { conversation: text });
    await patiently(async () => (await textsOf(first)).includes(text));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  }
  expect(logins()).toBe(before);
  await first.killNow();
  await letLeasesEnd(databaseUrl);
  await robin.send(device, { conversation: 'four' });
  await patiently(() => logins() > before && device.unacknowledged.length === 0);
  const adminKey = await first.adminKey();
  const texts = async () => {
    const response = await fetch(`${second.adminUrl}/v1/messages`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    const { data } = (await response.json()) as { data: { text: string }[] };
    return data.map(({ text }) => text).toSorted();
  };
  await patiently(async () => (await texts()).length === 4);
  expect(await texts()).toEqual(['four', 'one', 'three', 'two']);
  expect(server.phone.devices).toHaveLength(1);
  expect(server.faults).toEqual([]);
}, 240_000);
