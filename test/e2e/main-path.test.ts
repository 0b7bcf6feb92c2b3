import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Envelope, envelopeSchema } from '../../src/sdk/index.js';
import { archway, archwayJson } from '../support/command-line.js';
import { type GatewayProcess, publicUrl, until } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { desk, type Reply, type SignedRequest, send, signedForm, smsFields } from '../support/traffic.js';

interface Message {
  id: string;
  kind: string;
  direction: string;
  connector: string;
  account: string;
  conversation: string;
  from: string;
  to: string[];
  text: string | null;
  status: string | null;
  sentAt: string | null;
  receivedAt: string;
  recordedAt: string;
  attachments: unknown[];
  custodian: { name: string } | null;
  contact: unknown;
}

const number = desk.number;
const client = '+12025550171';
const other = '+12025550172';
const sid = (digit: string) => `SM${digit.repeat(32)}`;

/** A form with more fields than a plain text message. */
function form(sidDigit: string, from: string, text: string, more: Record<string, string> = {}): string {
  const plain = Object.fromEntries(smsFields({ sid: sid(sidDigit), from, text }));
  return new URLSearchParams({ ...plain, ...more }).toString();
}

function status(account: string, name: string): SignedRequest {
  const fields = {
    MessageSid: sid('a'),
    MessageStatus: name,
    From: number,
    To: client,
    ApiVersion: '2010-04-01',
  };
  return signedForm(account, new URLSearchParams(fields).toString(), 'status');
}

async function addAccount(gateway: GatewayProcess): Promise<string> {
  const settings = ['accountSid=ACfeedfacefeedfacefeedfacefeedface', `authToken=${desk.authToken}`];
  const added = await archwayJson<{ id: string; webhooks: Record<string, string> }>(
    gateway,
    ...['account', 'add', 'twilio-sms', '--name', 'desk', '--set', `numbers=${number}`],
    ...settings.flatMap((setting) => ['--set', setting]),
  );
  const { id: account, webhooks } = added[0]!;
  expect(added).toHaveLength(1);
  expect(Object.keys(added[0]!).sort()).toEqual(['id', 'webhooks']);
  expect(webhooks.messages).toBe(`${publicUrl}/webhooks/${account}/messages#rc=5&rp=all`);
  expect(webhooks.status).toBe(`${publicUrl}/webhooks/${account}/status#rc=5&rp=all`);
  expect((await archway(gateway, 'custodian', 'add', 'Dana Whitfield', '--address', number)).code).toBe(0);
  return account;
}

it('brings a signed SMS, and all that comes after it, into the message log and the archive', async () => {
  const gateway = await startTestGateway();
  const account = await addAccount(gateway);
  const post = (request: SignedRequest): Promise<Reply> => send(gateway.webhookBase, request);
  const sms = signedForm(account, form('a', client, 'Is the transfer through?'));
  const forged = signedForm(account, form('f', client, 'Send everything to me.'));
  const replies = [
    await post(sms),
    await post(signedForm(account, form('b', other, 'Both pages.'))),
    await post(sms),
    await post({
      ...forged,
      headers: { ...forged.headers, 'x-twilio-signature': 'Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm8=' },
    }),
    await post(status(account, 'delivered')),
    await post(status(account, 'queued')),
    await post(status(account, 'sent')),
    await post(signedForm(account, form('c', client, 'STOP', { OptOutType: 'STOP' }))),
    await post(signedForm(account, form('d', client, 'START', { OptOutType: 'START' }))),
  ];
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 403, 204, 204, 204, 200, 200]);
  expect(replies[0]?.body).toContain('<Response/>');
  const recordCount = 9;
  await until(
    async () => (await deliveredCount(gateway)) === recordCount,
    20_000,
    'Not everything was archived',
  );

  const messages = await archwayJson<Message>(gateway, 'messages');
  expect(messages.map((message) => message.text)).toEqual([
    'Is the transfer through?',
    'Both pages.',
    'STOP',
    'START',
  ]);
  expect(messages[0]).toMatchObject({
    kind: 'message',
    direction: 'inbound',
    connector: 'twilio-sms',
    account,
    from: client,
    to: [number],
    status: 'delivered',
    sentAt: null,
    attachments: [],
    custodian: { name: 'Dana Whitfield' },
    contact: null,
  });
  expect(messages[2]?.conversation).toBe(messages[0]?.conversation);
  expect(messages[1]?.conversation).not.toBe(messages[0]?.conversation);
  await checkFilters(gateway, messages);
  await checkHistory(gateway, messages[0]!.id);
  await checkArchive(gateway, recordCount);
  await gateway.stop();
});

async function deliveredCount(gateway: GatewayProcess): Promise<number> {
  const { deliveries } = await gateway.call<{ deliveries: { delivered: number } }>('GET', '/v1/status');
  return deliveries.delivered;
}

async function checkFilters(gateway: GatewayProcess, messages: readonly Message[]): Promise<void> {
  const found = async (...args: string[]) =>
    (await archwayJson<Message>(gateway, 'messages', ...args)).map((message) => message.text);
  expect(await found('--address', other)).toEqual(['Both pages.']);
  expect(await found('--limit', '2')).toEqual(['Is the transfer through?', 'Both pages.']);
  expect(await found('--direction', 'outbound')).toEqual([]);
  expect(await found('--account', 'desk')).toHaveLength(4);
  expect(await found('--conversation', messages[1]!.conversation)).toEqual(['Both pages.']);
  expect(await found('--since', messages[2]!.receivedAt)).toEqual(['STOP', 'START']);
  expect(await found('--until', messages[2]!.receivedAt)).toHaveLength(2);
}

async function checkHistory(gateway: GatewayProcess, id: string): Promise<void> {
  const details = await archwayJson<
    Message & {
      history: { kind: string; status?: string }[];
      deliveries: { state: string; evidence: { locator: string; sha256: string } }[];
    }
  >(gateway, 'message', id);
  const [detail] = details;
  expect(details).toHaveLength(1);
  expect(detail?.history.map(({ kind, status }) => status ?? kind)).toEqual([
    'message',
    'delivered',
    'queued',
    'sent',
  ]);
  expect(detail?.deliveries).toMatchObject([
    { state: 'delivered', evidence: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  ]);
}

async function checkArchive(gateway: GatewayProcess, recordCount: number): Promise<void> {
  const archive = join(gateway.dataDirectory, 'archive');
  const files = (await readdir(archive, { recursive: true })).filter((file) => file.endsWith('.json')).sort();
  expect(files).toHaveLength(recordCount);
  const envelopes: Envelope[] = [];
  for (const file of files) {
    const path = join(archive, file);
    envelopes.push(envelopeSchema.parse(JSON.parse(await readFile(path, 'utf8'))));
    expect((await stat(path)).mode & 0o222).toBe(0);
  }
  const inOrder = envelopes.sort((left, right) => left.skeleton.sequence - right.skeleton.sequence);
  expect(inOrder.map(({ skeleton }) => skeleton.kind)).toEqual([
    'message',
    'message',
    'receipt',
    'receipt',
    'receipt',
    'message',
    'consent',
    'message',
    'consent',
  ]);
  expect(inOrder.map(({ skeleton }) => skeleton.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(inOrder.flatMap(({ content }) => (content.kind === 'consent' ? [content.action] : []))).toEqual([
    'opt-out',
    'opt-in',
  ]);
  expect(await archwayJson<Envelope>(gateway, 'records')).toEqual(inOrder);
  const inspected = await archway(gateway, 'sink', 'inspect');
  expect(inspected.code).toBe(0);
  expect(inspected.stdout).toContain(`${recordCount}`);
}
