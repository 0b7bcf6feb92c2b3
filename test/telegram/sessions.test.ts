import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { run } from '../../connectors/telegram/session.js';
import { settingsSchema } from '../../connectors/telegram/settings.js';
import { rounds } from '../crash/support/rounds.js';
import { archway, archwayJson } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { until } from '../support/until.js';
import { addBot, token } from './bot.js';
import { BotApiServer } from './bot-api-server.js';

const secretToken = 'made-up-secret-0123456789';
const killRounds = Math.max(5, Math.round(rounds / 4));
/** A start takes seconds where others are at work beside it. */
const killsMaxMs = killRounds * 30_000;

const texts = async (gateway: GatewayProcess) =>
  (await archwayJson<{ text: string }>(gateway, 'messages', '--json')).map(({ text }) => text);

async function session(gateway: GatewayProcess): Promise<{ state: string; detail: string | null } | null> {
  const { data } = await gateway.call<{
    data: { session: { state: string; detail: string | null } | null }[];
  }>('GET', '/v1/accounts');
  return data[0]?.session ?? null;
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index + 1}`);

describe('Telegram by long polling', () => {
  it('records what is said, once each and in order, and asks for every kind of update by name', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start(token);
    await addBot(gateway, api, 'mode=polling');
    for (const text of numbered(250)) api.say(text);
    await until(async () => (await texts(gateway)).length === 250);
    expect(await texts(gateway)).toEqual(numbered(250));
    await until(() => api.waiting === 0);
    expect((await session(gateway))?.state).toBe('open');
    const asked = api.calls.find(({ method }) => method === 'getUpdates')?.body.allowed_updates;
    expect(asked).toEqual(expect.arrayContaining(['message_reaction', 'chat_member', 'business_message']));
    await gateway.stop();
  });

  it(
    `loses and doubles nothing over ${killRounds} kills at any moment`,
    async () => {
      const gateway = await startTestGateway();
      const api = await BotApiServer.start(token);
      await addBot(gateway, api, 'mode=polling');
      let said = 0;
      for (let round = 0; round < killRounds; round++) {
        const speaking = (async () => {
          for (let count = 0; count < 20; count++) {
            said += 1;
            api.say(`message ${said}`);
            await sleep(5);
          }
        })();
        await sleep(Math.random() * 150);
        await gateway.killNow();
        await speaking;
        await gateway.start();
      }
      await until(async () => (await texts(gateway)).length >= said);
      expect(await texts(gateway)).toEqual(numbered(said));
      await gateway.stop();
    },
    killsMaxMs,
  );

  it('forgets nothing that comes under a lower number, as after a week in which nobody wrote', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start(token);
    api.beQuietForAWeek(5_000);
    await addBot(gateway, api, 'mode=polling');
    api.say('message 1');
    await until(async () => (await texts(gateway)).length === 1 && api.waiting === 0);
    api.beQuietForAWeek(100);
    api.say('message 2');
    await until(async () => (await texts(gateway)).length === 2);
    expect(await texts(gateway)).toEqual(numbered(2));
    await gateway.stop();
  });

  it('does not begin with an offset of last week, and else with the one that was committed', async () => {
    const api = await BotApiServer.start(token);
    const state = new Map<string, string>();
    const begun = new Date('2026-11-23T09:30:00Z').getTime();
    const firstOffset = async (days: number) => {
      const stopped = new AbortController();
      const asked = () => api.calls.filter(({ method }) => method === 'getUpdates');
      const before = asked().length;
      const running = run({
        settings: settingsSchema.parse({ token, mode: 'polling', apiBaseUrl: api.url }),
        signal: stopped.signal,
        now: () => new Date(begun + days * 24 * 3_600_000),
        report: () => undefined,
        recall: async (name: string) => state.get(name),
        emit: async (_: unknown, changes: Record<string, string>) => {
          for (const [name, value] of Object.entries(changes)) state.set(name, value);
        },
      } as unknown as Parameters<typeof run>[0]);
      await until(() => asked().length > before + 1);
      stopped.abort();
      await running;
      return asked()[before]?.body.offset;
    };
    api.beQuietForAWeek(5_000);
    api.say('message 1');
    expect(await firstOffset(0)).toBeUndefined();
    expect(await firstOffset(1)).toBe(5_002);
    expect(await firstOffset(8)).toBeUndefined();
  });

  it('keeps one conversation when a group becomes a supergroup, which has another id', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start(token);
    await addBot(gateway, api, 'mode=polling');
    const [ada, ben] = ['Ada', 'Ben'].map((first_name, index) => ({
      id: 7_000_201 + index,
      is_bot: false,
      first_name,
    }));
    const group = { id: -4_200, type: 'group', title: 'Deal room' };
    const supergroup = { id: -1_001_234_567_890, type: 'supergroup', title: 'Deal room' };
    const message = (message_id: number, chat: object, from: object | undefined, more: object) =>
      api.happen('message', { message_id, date: 1_795_426_200, chat, from, ...more });
    message(1, group, ada, { text: 'before' });
    message(2, group, ben, { text: 'also before' });
    message(3, group, ada, { migrate_to_chat_id: supergroup.id });
    message(1, supergroup, ada, { migrate_from_chat_id: group.id });
    message(2, supergroup, ben, { text: 'after' });
    await until(async () => (await texts(gateway)).includes('after'));
    const conversations = await gateway.list<{ messages: number }>('/v1/conversations');
    expect(conversations).toMatchObject([{ messages: 5 }]);
    await gateway.stop();
  });

  it('says what is wrong when the token is not valid, and goes on with one that is', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start('5550100:AAtheTokenAfterItsRotation-0123456789');
    await addBot(gateway, api, 'mode=polling');
    await until(async () => (await session(gateway))?.state === 'degraded');
    expect((await session(gateway))?.detail).toContain('401');
    expect(gateway.log).not.toContain(token);
    api.say('after all');
    await archway(gateway, 'account', 'set', 'bot', '--set', `token=${api.token}`);
    await until(async () => (await texts(gateway)).length === 1);
    await gateway.stop();
  });
});

describe('Telegram by webhook', () => {
  it('registers itself with its secret, and switching either way loses nothing', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start(token, () => gateway.webhookBase);
    await addBot(gateway, api, `secretToken=${secretToken}`);
    await until(() => api.webhook !== undefined);
    expect(api.webhook).toMatchObject({ secretToken });
    api.say('message 1');
    expect(await api.deliver()).toEqual([200]);

    api.say('message 2');
    await archway(gateway, 'account', 'set', 'bot', '--set', 'mode=polling');
    await until(async () => (await texts(gateway)).length === 2);
    expect(api.webhook).toBeUndefined();

    await archway(gateway, 'account', 'set', 'bot', '--set', 'mode=webhook');
    await until(() => api.webhook !== undefined);
    api.say('message 3');
    await api.deliver();
    await until(async () => (await texts(gateway)).length === 3);
    expect(await texts(gateway)).toEqual(numbered(3));
    await gateway.stop();
  });

  it('is compared by `account test` with what Telegram has', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start(token, () => gateway.webhookBase);
    await addBot(gateway, api, `secretToken=${secretToken}`);
    await until(() => api.webhook !== undefined);
    const test = async () => (await archway(gateway, 'account', 'test', 'bot')).stdout;
    expect(await test()).toMatch(/ok +token .*@desk_bot/);
    expect(await test()).toMatch(/ok +webhook +Telegram has this gateway/);
    api.setWebhook('https://elsewhere.example.com/updates');
    expect(await test()).toMatch(/fail +webhook +Telegram has another webhook/);
    await archway(gateway, 'account', 'set', 'bot', '--set', `token=${token.replace('5550100', '5550101')}`);
    expect(await test()).toMatch(/fail +provider +Telegram answered 401/);
    await gateway.stop();
  });

  it('is not taken without its secret', async () => {
    const gateway = await startTestGateway();
    const api = await BotApiServer.start(token);
    const args = ['--name', 'bot', '--set', `token=${token}`, '--set', `apiBaseUrl=${api.url}`];
    const { code, stderr } = await archway(gateway, 'account', 'add', 'telegram', ...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain('secretToken');
    await gateway.stop();
  });
});
