import { expect, it } from 'vitest';
import { startTestGateway } from '../support/test-gateway.js';
import { until } from '../support/until.js';
import { WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, testEndpoints, textsOf, untilState } from './support/account.js';

const robin = { phone: '+14155550101', pushName: 'Robin' };

it('a phone is linked by QR code, and what is written to it is recorded', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server);
  await untilState(gateway, 'awaiting-pairing');
  const device = await linkPhone(gateway, server);
  const peer = server.peer(robin);
  await peer.send(device, { conversation: 'Are we still on for ten?' });
  await until(async () => (await textsOf(gateway)).includes('Are we still on for ten?'));
  await until(() => device.unacknowledged.length === 0);
  expect(server.faults).toEqual([]);
});
