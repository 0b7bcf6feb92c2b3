import { expect } from 'vitest';
import { settled } from '../crash/support/kept.js';
import { type GatewayProcess, until } from './gateway-process.js';
import { minutesAgo } from './hours-ago.js';
import { send, signedForm, smsFields } from './traffic.js';
import type { TwilioList } from './twilio-list.js';

export const clients = ['+12025550171', '+12025550172'] as const;

export interface Reconciliation {
  readonly id: string;
  readonly cause: string;
  readonly since: string;
  readonly until: string;
  readonly state: string;
  readonly observed: number;
  readonly recorded: number;
  readonly missing: number;
  readonly late: number;
  readonly failureKind: string | null;
}

export function sidOf(number: number, kind = 'SM'): string {
  return `${kind}${number.toString(16).padStart(32, '0')}`;
}

/** One message that Twilio keeps and whose webhook was taken, an hour ago. */
export async function keepAndPost(
  gateway: GatewayProcess,
  twilio: TwilioList,
  account: string,
): Promise<void> {
  const [from] = clients;
  const message = { sid: sidOf(0xffff), from, text: 'Before the outage' };
  twilio.keep({ sid: message.sid, from, body: message.text, sentAt: minutesAgo(61) });
  const body = new URLSearchParams(smsFields(message)).toString();
  expect((await send(gateway.webhookBase, signedForm(account, body))).status).toBe(200);
  await settled(gateway);
}

/** So many come to Twilio within the last hour, and nobody takes them. Their texts, the oldest first. */
export function missedMessages(count: number, twilio: TwilioList, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const body = `Number ${number}`;
    const sentAt = minutesAgo(58 - (50 * index) / count);
    twilio.keep({ sid: sidOf(number), from: clients[number % 2] as string, body, sentAt });
    return body;
  });
}

/** Far more than it takes: what is late on a busy machine is no failure. */
const reconciledMaxMs = 120_000;

/** Waits until every window was compared, and what was found is recorded and delivered. The newest first. */
export async function reconciled(gateway: GatewayProcess, count = 1): Promise<Reconciliation[]> {
  let rows: Reconciliation[] = [];
  await until(
    async () => {
      rows = await gateway.list<Reconciliation>('/v1/reconciliations');
      return rows.length >= count && rows.every(({ state }) => state === 'done');
    },
    reconciledMaxMs,
    'The reconciliation was not done',
  );
  await settled(gateway);
  return rows;
}
