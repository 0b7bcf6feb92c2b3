import { expect } from 'vitest';
import { archway } from '../../support/command-line.js';
import type { GatewayProcess } from '../../support/gateway-process.js';
import { until } from '../../support/until.js';
import type { Device, Phone, WhatsAppServer } from '../server/index.js';

/** Lets a gateway speak to the test server. */
export const testEndpoints = { ARCHWAY_ALLOW_TEST_ENDPOINTS: '1' };

export interface SessionView {
  readonly state: string;
  readonly detail: string | null;
  readonly action: string | null;
}

export interface LinkView extends SessionView {
  readonly offer: { readonly method: string; readonly value: string; readonly expiresAt: string } | null;
}

/** Adds an account by the command line, as an operator does. */
export async function addPhone(
  gateway: GatewayProcess,
  server: WhatsAppServer,
  ...settings: string[]
): Promise<void> {
  const all = [`socketUrl=${server.socketUrl}`, ...settings].flatMap((each) => ['--set', each]);
  const { code, stderr } = await archway(gateway, 'account', 'add', 'whatsapp', '--name', 'phone', ...all);
  expect(stderr).toBe('');
  expect(code).toBe(0);
}

export async function sessionOf(gateway: GatewayProcess): Promise<SessionView | null> {
  return (await gateway.call<{ session: SessionView | null }>('GET', '/v1/accounts/phone')).session;
}

export const linkOf = (gateway: GatewayProcess) => gateway.call<LinkView>('GET', '/v1/accounts/phone/link');

/** As `until`, for what takes a while on a machine that has much to do: a gateway that starts, a queue that empties. */
export async function patiently(holds: () => Promise<boolean> | boolean, tries = 5): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      return await until(holds);
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
}

/** Waits for a value. */
export async function found<Value>(look: () => Promise<Value | null | undefined>): Promise<Value> {
  let value: Value | null | undefined;
  await until(async () => {
    value = await look();
    return value !== undefined && value !== null;
  });
  return value as Value;
}

export function untilState(gateway: GatewayProcess, state: string): Promise<SessionView> {
  return found(async () => {
    const session = await sessionOf(gateway);
    return session?.state === state ? session : undefined;
  });
}

/** Links the phone by QR code, over the API, and waits until the session is open. */
export async function linkPhone(
  gateway: GatewayProcess,
  server: WhatsAppServer,
  phone: Phone = server.phone,
): Promise<Device> {
  await gateway.call('POST', '/v1/accounts/phone/link', { method: 'qr' });
  const offer = await found(async () => (await linkOf(gateway)).offer);
  const device = await server.scan(offer.value, phone);
  await untilState(gateway, 'open');
  return device;
}

export interface MessageView {
  readonly id: string;
  readonly text: string | null;
  readonly direction: string;
}

export const messagesOf = (gateway: GatewayProcess) => gateway.list<MessageView>('/v1/messages');

export async function textsOf(gateway: GatewayProcess): Promise<(string | null)[]> {
  return (await messagesOf(gateway)).map(({ text }) => text);
}
