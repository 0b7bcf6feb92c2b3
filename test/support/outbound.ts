import { randomUUID } from 'node:crypto';
import { type GatewayProcess, until } from './gateway-process.js';
import { addDesk } from './traffic.js';
import type { TwilioApi } from './twilio-api.js';

export interface Outbound {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly reason: string | null;
  readonly explanation: string | null;
}

export interface HistoryEntry {
  readonly kind: string;
  readonly status?: string | null;
}

export interface NewMessage {
  readonly account?: string;
  readonly to?: string;
  readonly text?: string;
  readonly media?: readonly { readonly id: string }[];
  readonly replyTo?: string;
  readonly reaction?: { readonly to: string | undefined; readonly emoji: string | null };
  readonly idempotencyKey?: string;
}

export const client = '+12025550142';

/** The desk, with Twilio played by a server of the test, and no waiting between messages. */
export function addDeskAtTwilio(gateway: GatewayProcess, api: TwilioApi): Promise<string> {
  return addDesk(gateway, { apiBaseUrl: api.url, messagesPerSecond: '100' });
}

/** Asks to send; the answer as it is, also where it is a refusal. */
export async function request(
  gateway: GatewayProcess,
  message: NewMessage = {},
): Promise<{ status: number; body: { id?: string; detail?: string } }> {
  const text = message.reaction === undefined ? { text: 'Your order is done.' } : {};
  const defaults = { account: 'desk', to: client, ...text, idempotencyKey: randomUUID() };
  const response = await fetch(`${gateway.adminUrl}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await gateway.adminKey()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...defaults, ...message }),
  });
  return { status: response.status, body: (await response.json()) as { id?: string; detail?: string } };
}

/** Asks to send, and gives the id of the message. */
export async function requested(gateway: GatewayProcess, message: NewMessage = {}): Promise<string> {
  const { status, body } = await request(gateway, message);
  if (status !== 202 || body.id === undefined) {
    throw new Error(`The request was answered ${status}: ${body.detail}`);
  }
  return body.id;
}

/** Waits until the provider has answered, or will not. */
export async function concluded(gateway: GatewayProcess, id: string): Promise<Outbound> {
  let outbound: Outbound | undefined;
  const isDone = async () => {
    outbound = await gateway.call<Outbound>('GET', `/v1/outbound/${id}`);
    return outbound.state !== 'requested' && outbound.state !== 'sending';
  };
  // A lease of a process that is gone is waited for.
  await until(isDone, 100_000, 'The message came to no end');
  return outbound as Outbound;
}

/** Brings in a file to be sent along. */
export async function uploaded(
  gateway: GatewayProcess,
  bytes: Uint8Array,
  contentType: string,
  name = 'file',
): Promise<{ id: string }> {
  const response = await fetch(`${gateway.adminUrl}/v1/media?name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await gateway.adminKey()}`, 'content-type': contentType },
    body: new Uint8Array(bytes),
  });
  if (response.status !== 201) throw new Error(`The file was answered ${response.status}.`);
  return (await response.json()) as { id: string };
}
