import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { archway, archwayJson } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { until } from '../support/until.js';
import { addBot, token } from './bot.js';
import { BotApiServer, client } from './bot-api-server.js';

const date = 1_795_426_200;
const ada: Employee = { id: 7_000_201, first_name: 'Ada', connection: 'connection-of-ada' };
const ben: Employee = { id: 7_000_202, first_name: 'Ben', connection: 'connection-of-ben' };

interface Employee {
  readonly id: number;
  readonly first_name: string;
  readonly connection: string;
}

interface Logged {
  readonly id: string;
  readonly text: string;
  readonly direction: string;
  readonly custodian: { readonly name: string } | null;
  readonly contact: { readonly name: string } | null;
  readonly history: readonly { readonly kind: string }[];
}

/** What Telegram tells of the chats of employees that are connected to the bot. */
class Business {
  constructor(readonly api: BotApiServer) {}

  connect(employee: Employee, is_enabled = true): void {
    const { connection: id, id: user_chat_id } = employee;
    this.api.happen('business_connection', { id, user: userOf(employee), user_chat_id, date, is_enabled });
  }

  /** The same chat and the same number of a message are others in each connection. */
  write(kind: string, employee: Employee, from: object, message_id: number, more: object): void {
    const { connection: business_connection_id } = employee;
    const chat = { id: client.id, type: 'private', first_name: client.first_name };
    this.api.happen(kind, { message_id, date, chat, from, business_connection_id, ...more });
  }

  delete({ connection: business_connection_id }: Employee, ...message_ids: number[]): void {
    const chat = { id: client.id, type: 'private', first_name: client.first_name };
    this.api.happen('deleted_business_messages', { business_connection_id, chat, message_ids });
  }
}

const userOf = ({ connection: _, ...user }: Employee) => ({ ...user, is_bot: false });

async function start(): Promise<{ gateway: GatewayProcess; api: BotApiServer; business: Business }> {
  const gateway = await startTestGateway();
  const api = await BotApiServer.start(token);
  await addBot(gateway, api, 'mode=polling');
  const people = [
    ['custodian', 'add', 'Ada', '--address', String(ada.id)],
    ['custodian', 'add', 'Ben', '--address', String(ben.id)],
    ['contact', 'add', 'Cleo', '--address', String(client.id)],
  ];
  for (const person of people) expect((await archway(gateway, ...person)).code).toBe(0);
  return { gateway, api, business: new Business(api) };
}

it('each business connection has its own custodian, in both directions; deletions and edits stand with their messages', async () => {
  const { gateway, business, api } = await start();
  for (const employee of [ada, ben]) {
    business.connect(employee);
    const { first_name: name } = employee;
    business.write('business_message', employee, client, 1, { text: `To ${name}` });
    business.write('business_message', employee, userOf(employee), 2, { text: `From ${name}` });
  }
  const edited = { text: 'To Ada, edited', edit_date: date + 60 };
  business.write('edited_business_message', ada, client, 1, edited);
  business.delete(ada, 1, 2);
  business.connect(ben, false);
  api.say('afterwards');
  await until(async () => (await gateway.list('/v1/messages')).length === 5);

  const cleo = { name: 'Cleo' };
  const logged = await gateway.list<Logged>('/v1/messages');
  expect(logged.slice(0, 4)).toMatchObject([
    { text: 'To Ada', direction: 'inbound', custodian: { name: 'Ada' }, contact: cleo },
    { text: 'From Ada', direction: 'outbound', custodian: { name: 'Ada' }, contact: cleo },
    { text: 'To Ben', direction: 'inbound', custodian: { name: 'Ben' }, contact: cleo },
    { text: 'From Ben', direction: 'outbound', custodian: { name: 'Ben' }, contact: cleo },
  ]);
  const histories = await Promise.all(
    logged.slice(0, 4).map(({ id }) => gateway.call<Logged>('GET', `/v1/messages/${id}`)),
  );
  expect(histories.map(({ history }) => history.map(({ kind }) => kind))).toEqual([
    ['message', 'edit', 'deletion'],
    ['message', 'deletion'],
    ['message'],
    ['message'],
  ]);
  const withAda = { custodian: { name: 'Ada' }, contact: cleo };
  expect(histories[0]?.history).toMatchObject([
    { text: 'To Ada', ...withAda },
    { text: 'To Ada, edited', ...withAda },
    withAda,
  ]);
  const conversations = await archwayJson<Logged>(gateway, 'conversations', '--contact', 'Cleo');
  expect(conversations.flatMap(({ custodian }) => custodian?.name ?? []).sort()).toEqual(['Ada', 'Ben']);
  const records = await gateway.list<Envelope>('/v1/records');
  const kinds = records.map(({ content }) => content.kind);
  expect(kinds).not.toContain('conflict');
  expect(
    kinds.filter((kind) => kind === 'alias'),
    'once for each, however often it is said',
  ).toHaveLength(2);
  await gateway.stop();
});
