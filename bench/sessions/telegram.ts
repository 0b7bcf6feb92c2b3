import type { GatewayServer } from '../servers.js';
import type { BotApi } from './bot-api.js';
import { until } from './until.js';

const warmUpUpdates = 500;
const updates = 10_000;

const tokenOf = (index: number) => `${5_550_100 + index}:AAmadeUpTokenForTheBench-0123456789abcdef`;

export async function addBot(gateway: GatewayServer, api: BotApi, index: number): Promise<void> {
  const settings = { token: tokenOf(index), mode: 'polling', apiBaseUrl: api.url };
  await gateway.call('/v1/accounts', { connector: 'telegram', name: `bot-${index}`, settings });
}

/**
 * Updates per second of one bot by long polling, from the socket to the durable commit: the bot asks from behind an update
 * only when it is committed.
 */
export async function telegramRate(gateway: GatewayServer, api: BotApi): Promise<number> {
  await addBot(gateway, api, 0);
  const bot = api.bot(tokenOf(0));
  const committed = async (count: number) => {
    const end = bot.say(count);
    await until('the updates to be committed', () => bot.committed >= end);
  };
  await until('the bot to ask', () => bot.isAsking);
  await committed(warmUpUpdates);
  await until('the bot to ask again', () => bot.isAsking);
  const begun = performance.now();
  await committed(updates);
  return Math.round(updates / ((performance.now() - begun) / 1_000));
}
