import type { Device, WhatsAppServer } from '../../test/whatsapp/server/index.js';
import type { GatewayServer } from '../servers.js';
import { until } from './until.js';

const people = 20;
const messagesOfEach = 100;

/** WhatsApp as the tests play it; undefined where the optional library is not installed. */
export async function startWhatsApp(): Promise<WhatsAppServer | undefined> {
  try {
    const { WhatsAppServer } = await import('../../test/whatsapp/server/index.js');
    return await WhatsAppServer.start();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.log('  WhatsApp is left out: its optional library is not installed');
    return undefined;
  }
}

/** Adds an account and links it to a phone of its own. */
export async function linkPhone(
  gateway: GatewayServer,
  server: WhatsAppServer,
  index: number,
): Promise<Device> {
  const name = `phone-${index}`;
  const settings = { socketUrl: server.socketUrl };
  await gateway.call('/v1/accounts', { connector: 'whatsapp', name, settings });
  const link = `/v1/accounts/${name}/link`;
  await gateway.call(link, { method: 'qr' });
  let code = '';
  await until('the QR code', async () => {
    const { offer } = await gateway.call<{ offer: { value: string } | null }>(link);
    code = offer?.value ?? '';
    return code !== '';
  });
  const phone = server.addPhone({ phone: `+447700900${String(index).padStart(3, '0')}` });
  const device = await server.scan(code, phone);
  await until('the session', async () => {
    const { state } = await gateway.call<{ state: string }>(link);
    return state === 'open' && device.unacknowledged.length === 0;
  });
  return device;
}

/**
 * Messages per second that one phone takes when it comes back and much waits for it, from the moment at which it asks for
 * them until all are acknowledged, which follows the durable commit.
 *
 * @param restart stops the gateway, does what it is given, and starts it again
 */
export async function whatsappRate(
  gateway: GatewayServer,
  server: WhatsAppServer,
  restart: (meanwhile: () => Promise<void>) => Promise<void>,
): Promise<number> {
  const device = await linkPhone(gateway, server, 0);
  const peers = Array.from({ length: people }, (_, index) =>
    server.peer({ phone: `+14155550${120 + index}`, pushName: `Robin ${index}` }),
  );
  const sayAll = async (count: number) => {
    for (let number = 0; number < count; number += 1) {
      const conversation = `Could you call me back about the order from this morning? (${number})`;
      for (const peer of peers) await peer.send(device, { conversation });
    }
  };
  await sayAll(1);
  await until('the first messages', () => device.unacknowledged.length === 0);
  let askedAt = 0;
  const passOffline = device.passOffline.bind(device);
  device.passOffline = () => {
    askedAt ||= performance.now();
    passOffline();
  };
  await restart(() => sayAll(messagesOfEach));
  await until('the messages', () => askedAt > 0 && device.unacknowledged.length === 0);
  const seconds = (performance.now() - askedAt) / 1_000;
  if (server.faults.length > 0) throw new AggregateError(server.faults, 'The server found faults.');
  return Math.round((people * messagesOfEach) / seconds);
}
