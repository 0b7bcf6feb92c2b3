import { describe, expect, it } from 'vitest';
import { TestProvider } from '../../src/pipeline/media/testing.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { concluded, request, requested, uploaded } from '../support/outbound.js';
import { startTestGateway } from '../support/test-gateway.js';
import { until } from '../support/until.js';
import { addBot, token } from './bot.js';
import { FilePart, judgeIsThere, objections } from './bot-api-judge.js';
import { BotApiServer, client } from './bot-api-server.js';

interface Logged {
  readonly id: string;
  readonly text: string;
  readonly direction: string;
  readonly status: string | null;
  readonly replyTo?: string;
}

const messages = (gateway: GatewayProcess) => gateway.list<Logged>('/v1/messages');

async function start() {
  // As a Bot API server of one's own is: on this machine, by plain http, and with nothing allowed for tests.
  const gateway = await startTestGateway();
  const api = await BotApiServer.start(token);
  await addBot(gateway, api, 'mode=polling');
  return { gateway, api, to: String(client.id) };
}

const send = (gateway: GatewayProcess, message: object) => requested(gateway, { account: 'bot', ...message });

describe('what a bot sends', () => {
  it('is on record, answers what was said, and what the gateway sent before', async () => {
    const { gateway, api, to } = await start();
    api.say('May I ask something?');
    await until(async () => (await messages(gateway)).length === 1);
    const [asked] = await messages(gateway);
    const first = await send(gateway, { to, text: ' Of course. ', replyTo: asked?.id });
    expect(await concluded(gateway, first)).toMatchObject({ state: 'accepted' });
    await until(async () => (await messages(gateway)).some(({ status }) => status === 'accepted'));
    const own = (await messages(gateway)).find(({ direction }) => direction === 'outbound');
    const second = await send(gateway, { to, text: 'Go on.', replyTo: own?.id });
    expect(await concluded(gateway, second)).toMatchObject({ state: 'accepted' });
    const [one, two] = api.sent.map(({ body }) => body);
    expect(one).toEqual({ chat_id: client.id, text: ' Of course. ', reply_parameters: { message_id: 1 } });
    expect(two).toMatchObject({ text: 'Go on.', reply_parameters: { message_id: 3 } });
  });

  it('may be files, alone or as an album, with their bytes as they are', async () => {
    const { gateway, api, to } = await start();
    const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 1]);
    const report = Buffer.from('%PDF-1.7 \r\n--boundary');
    const chart = await uploaded(gateway, picture, 'image/png', 'chart.png');
    const paper = await uploaded(gateway, report, 'application/pdf', 'report "Q3".pdf');
    const one = await send(gateway, { to, text: 'The chart.', media: [{ id: chart.id }] });
    expect(await concluded(gateway, one)).toMatchObject({ state: 'accepted' });
    const both = await send(gateway, { to, text: 'Both.', media: [{ id: chart.id }, { id: paper.id }] });
    expect(await concluded(gateway, both)).toMatchObject({ state: 'accepted' });
    const [photo, album] = api.sent;
    expect(photo).toMatchObject({ method: 'sendPhoto', body: { caption: 'The chart.' } });
    expect((photo?.body.photo as FilePart).bytes.equals(picture)).toBe(true);
    const items = album?.body.media as { type: string; media: FilePart; caption?: string }[];
    expect(items.map(({ type, caption }) => [type, caption])).toEqual([
      ['document', 'Both.'],
      ['document', undefined],
    ]);
    expect(items.map(({ media }) => media.bytes)).toEqual([picture, report]);
    expect(items[1]?.media.name).toContain('report');
  });

  it('may be a reaction, which the next one takes back, in the chat of the bot alone', async () => {
    const { gateway, api, to } = await start();
    api.say('Is it done?');
    await until(async () => (await messages(gateway)).length === 1);
    const [asked] = await messages(gateway);
    for (const emoji of ['👍', null]) {
      const id = await send(gateway, { to, reaction: { to: asked?.id, emoji } });
      expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', kind: 'reaction' });
    }
    const target = { chat_id: client.id, message_id: 1 };
    expect(api.calls.filter(({ method }) => method === 'setMessageReaction').map(({ body }) => body)).toEqual(
      [
        { ...target, reaction: [{ type: 'emoji', emoji: '👍' }] },
        { ...target, reaction: [] },
      ],
    );
    const elsewhere = { to: `conn-1/${client.id}`, reaction: { to: asked?.id, emoji: '👍' } };
    await expect(send(gateway, elsewhere)).rejects.toThrow('in the chat in which it stands');
  });

  it('goes to a topic, or in the name of a business account', async () => {
    const { gateway, api } = await start();
    await concluded(gateway, await send(gateway, { to: '-1001234567890/topic/7', text: 'In the topic.' }));
    await concluded(gateway, await send(gateway, { to: `conn-1/${client.id}`, text: 'In my name.' }));
    expect(api.sent.map(({ body }) => body)).toEqual([
      { chat_id: -1001234567890, message_thread_id: 7, text: 'In the topic.' },
      { chat_id: client.id, business_connection_id: 'conn-1', text: 'In my name.' },
    ]);
  });

  it('of a business account comes back as an update, and is one message all the same', async () => {
    const { gateway, api } = await start();
    await concluded(gateway, await send(gateway, { to: `conn-1/${client.id}`, text: 'In my name.' }));
    const employee = { id: 7_000_999, is_bot: false, first_name: 'Ada' };
    const chat = { id: client.id, type: 'private', first_name: 'Cleo' };
    const echo = {
      message_id: 1,
      date: 1_795_426_200,
      from: employee,
      chat,
      business_connection_id: 'conn-1',
    };
    api.happen('business_message', { ...echo, text: 'In my name.' });
    api.say('afterwards');
    await until(async () => (await messages(gateway)).some(({ text }) => text === 'afterwards'));
    expect((await messages(gateway)).map(({ text }) => text)).toEqual(['In my name.', 'afterwards']);
    expect(await gateway.list('/v1/quarantine')).toEqual([]);
  });
});

describe('what may have arrived', () => {
  it.each([
    ['the connection breaks', { kind: 'break' } as const],
    ['Telegram has a fault', { kind: 'refusal', code: 502, description: 'Bad Gateway' } as const],
  ])('is never sent twice, when %s', async (_, trouble) => {
    const { gateway, api, to } = await start();
    api.trouble('sendMessage', trouble);
    const id = await send(gateway, { to, text: 'once' });
    expect(await concluded(gateway, id)).toMatchObject({ state: 'indeterminate', attempts: 1 });
    const next = await send(gateway, { to, text: 'the next' });
    expect(await concluded(gateway, next)).toMatchObject({ state: 'accepted' });
    expect(api.sent.map(({ body }) => body.text)).toEqual(['once', 'the next']);
    expect(gateway.log).not.toContain(token);
  });
});

describe('what Telegram refuses', () => {
  it('for a moment waits as long as it says, and is sent once', async () => {
    const { gateway, api, to } = await start();
    const parameters = { retry_after: 1 };
    api.trouble('sendMessage', { kind: 'refusal', code: 429, description: 'Too Many Requests', parameters });
    const id = await send(gateway, { to, text: 'patient' });
    expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', attempts: 1 });
    expect(api.sent).toHaveLength(2);
  });

  it('for longer pauses the account, and the message stays to be sent', async () => {
    const { gateway, api, to } = await start();
    const parameters = { retry_after: 600 };
    api.trouble('sendMessage', { kind: 'refusal', code: 429, description: 'Too Many Requests', parameters });
    const id = await send(gateway, { to, text: 'patient' });
    await until(async () => gateway.log.includes('cannot send at the moment'));
    expect(await gateway.call('GET', `/v1/outbound/${id}`)).toMatchObject({ state: 'requested' });
  });

  it('for good is rejected with its reason, and the next goes on', async () => {
    const { gateway, api, to } = await start();
    const description = 'Forbidden: bot was blocked by the user';
    api.trouble('sendMessage', { kind: 'refusal', code: 403, description });
    const blocked = await concluded(gateway, await send(gateway, { to, text: 'hello?' }));
    expect(blocked).toMatchObject({ state: 'rejected', reason: '403' });
    expect(blocked.explanation).toContain('blocked by the user');
    const moved = { migrate_to_chat_id: -1009876543210 };
    const upgraded = 'Bad Request: group chat was upgraded to a supergroup chat';
    api.trouble('sendMessage', { kind: 'refusal', code: 400, description: upgraded, parameters: moved });
    const old = await concluded(gateway, await send(gateway, { to: '-4200', text: 'hello?' }));
    expect(old).toMatchObject({ state: 'rejected' });
    expect(old.explanation).toContain('-1009876543210');
  });

  it('is not even asked for, where the request is wrong', async () => {
    const { gateway, api, to } = await start();
    api.say('hello');
    await until(async () => (await messages(gateway)).length === 1);
    const hello = (await messages(gateway))[0]?.id ?? '';
    const file = await uploaded(gateway, Buffer.from('x'), 'text/plain');
    for (const [message, words] of [
      [{ to: '@cleo' }, /number of a chat/],
      [{ to: '-4200', replyTo: hello }, /in the chat in which it stands/],
    ] as const) {
      const answer = await request(gateway, { account: 'bot', ...message });
      expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(words) } });
    }
    const long = await send(gateway, { to, text: 'x'.repeat(1_025), media: [{ id: file.id }] });
    const refused = await concluded(gateway, long);
    expect(refused).toMatchObject({ state: 'rejected' });
    expect(refused.explanation).toContain('1024');
    expect(api.sent).toEqual([]);
  });
});

describe('what a chat shows', () => {
  const shown = (id: string, bytes?: Buffer) => ({
    document: {
      file_id: id,
      file_unique_id: `unique-${id}`,
      file_name: 'a.bin',
      ...(bytes && { file_size: bytes.length }),
    },
  });
  const attachments = async (gateway: GatewayProcess) =>
    (await gateway.list<{ attachments: { id: string; state: string }[] }>('/v1/messages')).flatMap(
      (each) => each.attachments,
    );

  it('is fetched, and its bytes are kept', async () => {
    const { gateway, api } = await start();
    const bytes = Buffer.from('what the client has sent');
    api.files.set('file-1', bytes);
    api.show(shown('file-1', bytes));
    await until(async () => (await attachments(gateway))[0]?.state === 'stored');
    const [attachment] = await attachments(gateway);
    const response = await fetch(`${gateway.adminUrl}/v1/attachments/${attachment?.id}`, {
      headers: { authorization: `Bearer ${await gateway.adminKey()}` },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(gateway.log).not.toContain(token);
  });

  it('is asked of the server in the settings alone, whatever path its answer names', async () => {
    await using other = await TestProvider.start();
    const { gateway, api } = await start();
    const paths = [
      ...[`//${other.host}/a`, `@${other.host}/a`, `http://${other.host}/a`, `\\\\${other.host}\\a`],
      ...['../../bot/getMe', 'documents/../../x', '%2e%2e/%2e%2e/x', `/etc/passwd`, `/srv/${token}/../x`],
      ...['a?token=1', 'a#b', './/./a', ''],
    ];
    for (const [index, path] of paths.entries()) {
      api.filePaths.set(`file-${index}`, path);
      api.show(shown(`file-${index}`));
    }
    await until(async () => {
      const states = (await attachments(gateway)).map(({ state }) => state);
      return states.length === paths.length && states.every((state) => state === 'gone');
    });
    expect(other.seen).toEqual([]);
    const below = `/file/bot${token}/`;
    expect(api.fetched.filter((path) => !path.startsWith(below) || /[?#]/.test(path))).toEqual([]);
    await gapsOf(gateway, paths.length);
    expect(gateway.log).not.toContain(token);
  });

  it('and Telegram does not give out, leaves a gap with its ids and size', async () => {
    const { gateway, api } = await start();
    const bytes = Buffer.alloc(1024 * 1024 + 1);
    api.files.set('file-2', bytes);
    api.show(shown('file-2', bytes));
    api.show(shown('file-3'));
    await until(
      async () => (await attachments(gateway)).filter(({ state }) => state === 'gone').length === 2,
    );
    const gaps = await gapsOf(gateway, 2);
    const tooBig = gaps.find((detail) => detail.includes('file-2'));
    expect(tooBig).toContain(String(bytes.length));
    expect(tooBig).toContain('unique-file-2');
  });
});

/** What the gaps say, once there are so many. */
async function gapsOf(gateway: GatewayProcess, count: number): Promise<string[]> {
  let details: string[] = [];
  await until(async () => {
    const gaps = await gateway.call<{ data: { content: { detail: string } }[] }>(
      'GET',
      '/v1/records?kind=gap',
    );
    details = gaps.data.map(({ content }) => content.detail);
    return details.length === count;
  });
  return details;
}

describe.runIf(judgeIsThere)('the judge', () => {
  it('objects to calls that Telegram does not describe', () => {
    expect(objections('sendMessage', { chat_id: 1, text: 'x' })).toEqual([]);
    expect(objections('sendMessage', { chat_id: 1 })).toEqual(['sendMessage lacks text']);
    expect(objections('sendMessage', { chat_id: 1, text: 'x', reply_to: 5 })).toHaveLength(1);
    expect(
      objections('sendMessage', { chat_id: 1, text: 'x', reply_parameters: { message_id: '5' } }),
    ).toHaveLength(1);
    expect(objections('sendTelegram', {})).toHaveLength(1);
    const file = new FilePart('a', Buffer.from('x'));
    expect(objections('sendDocument', { chat_id: 1, document: file })).toEqual([]);
  });
});
