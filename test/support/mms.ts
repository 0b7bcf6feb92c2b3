import { createHash } from 'node:crypto';
import type { TestProvider } from '../../src/pipeline/media/testing.js';
import { type GatewayProcess, until } from './gateway-process.js';
import { addDesk, desk, send, signedForm, smsFields } from './traffic.js';

/** Without these the gateway asks nobody on this machine. */
export const testEndpoints = { ARCHWAY_ALLOW_TEST_ENDPOINTS: '1' };

export interface LoggedAttachment {
  readonly id: string;
  readonly contentType: string | null;
  readonly byteLength: number | null;
  readonly sha256: string | null;
  readonly state: 'referenced' | 'stored' | 'gone';
}

/** The desk, with its provider's API played by a server of the test. */
export function addDeskAt(gateway: GatewayProcess, provider: TestProvider): Promise<string> {
  return addDesk(gateway, { apiBaseUrl: provider.url('') });
}

export const credentials = `Basic ${Buffer.from(`${desk.accountSid}:${desk.authToken}`).toString('base64')}`;

/** Posts an MMS with media at these URLs, as Twilio does; its text is `name`. Rejects unless it is taken. */
export async function sendMms(
  gateway: GatewayProcess,
  account: string,
  { name, urls, from = '+12025550171' }: { name: string; urls: readonly string[]; from?: string },
): Promise<void> {
  const sid = `MM${createHash('md5').update(name).digest('hex')}`;
  const media = urls.flatMap((url, index): [string, string][] => [
    [`MediaUrl${index}`, url],
    [`MediaContentType${index}`, 'image/png'],
  ]);
  const plain = smsFields({ sid, from, text: name }).filter(([field]) => field !== 'NumMedia');
  const body = new URLSearchParams([...plain, ['NumMedia', String(urls.length)], ...media]).toString();
  const { status } = await send(gateway.webhookBase, signedForm(account, body));
  if (status !== 200) throw new Error(`The MMS was answered ${status}.`);
}

/** All attachments of the message log, in its order. */
export async function attachmentsOf(gateway: GatewayProcess): Promise<LoggedAttachment[]> {
  const messages = await gateway.list<{ attachments: LoggedAttachment[] }>('/v1/messages');
  return messages.flatMap(({ attachments }) => attachments);
}

/** Waits until the bytes of all attachments are kept or gone, and everything is delivered. */
export async function fetched(
  gateway: GatewayProcess,
  count: number,
  limitMs = 60_000,
): Promise<LoggedAttachment[]> {
  let attachments: LoggedAttachment[] = [];
  const isDone = async () => {
    attachments = await attachmentsOf(gateway);
    return attachments.length >= count && attachments.every(({ state }) => state !== 'referenced');
  };
  await until(isDone, limitMs, 'Not every attachment was fetched');
  return attachments;
}
