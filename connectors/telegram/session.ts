import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, type Session } from 'archway/sdk';
import type { Api } from 'grammy';
import { openApi } from './api.js';
import { failureOf } from './failure.js';
import { readers } from './parse.js';
import type { TelegramSettings } from './settings.js';

type TelegramSession = Session<TelegramSettings>;

/** Asked for by name: left to itself Telegram leaves out reactions and changes of membership. */
export const allowedUpdates = [
  ...Object.keys(readers),
  'message_reaction_count',
  'poll',
  'inline_query',
] as never[];

const pollSeconds = 25;
const watchMs = 60_000;
const updatesMax = 100;
/** After a week without updates Telegram goes on with any number, also a lower one: by then an offset means nothing. */
const offsetMaxAgeMs = 6 * 24 * 3_600_000;

/** Keeps updates coming, by either of the two ways in, until the session ends. */
export async function run(session: TelegramSession): Promise<void> {
  const api = await openApi(session.settings);
  session.report({ state: 'connecting' });
  try {
    if (session.settings.mode === 'polling') await poll(session, api);
    else await watchWebhook(session, api);
  } catch (error) {
    if (session.signal.aborted) return;
    throw failureOf(error);
  }
}

/**
 * Asks for updates, and commits them with the offset behind them. Only the next question, which carries that offset, tells
 * Telegram that it may forget them: what dies with this process before the commit is asked for again.
 *
 * The offset is told until one question with it was answered, and no more: what is below it Telegram forgets, and after a
 * quiet week that could be what comes next. Without one it gives whatever it was not told to forget.
 *
 * Source: https://core.telegram.org/bots/api#update, https://core.telegram.org/bots/api#getupdates
 */
async function poll(session: TelegramSession, api: Api): Promise<void> {
  const signal = session.signal as unknown as NonNullable<Parameters<Api['getUpdates']>[1]>;
  // While a webhook is set Telegram refuses to be asked. What waits for it is kept, and comes by this way.
  await api.deleteWebhook({ drop_pending_updates: false }, signal);
  let offset = await recallOffset(session);
  session.report({ state: 'open' });
  while (!session.signal.aborted) {
    const updates = await api.getUpdates(
      {
        ...(offset !== undefined && { offset }),
        limit: updatesMax,
        timeout: pollSeconds,
        allowed_updates: allowedUpdates,
      },
      signal,
    );
    offset = undefined;
    if (updates.length === 0) continue;
    const next = Math.max(...updates.map((update) => update.update_id)) + 1;
    await session.emit(updates.map(received), {
      offset: String(next),
      offsetAt: session.now().toISOString(),
    });
    offset = next;
  }
}

/** The offset behind the last update that was committed; undefined where there is none, or it is too old. */
async function recallOffset(session: TelegramSession): Promise<number | undefined> {
  const offset = await session.recall('offset');
  const since = await session.recall('offsetAt');
  if (offset === undefined || since === undefined) return undefined;
  return session.now().getTime() - Date.parse(since) < offsetMaxAgeMs ? Number(offset) : undefined;
}

/** An update as a capture: what the webhook would have brought. */
function received(update: object) {
  return {
    endpoint: 'updates',
    method: 'POST',
    url: 'telegram:getUpdates',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(update), 'utf8'),
  };
}

/** Gives Telegram the webhook with its secret, and then looks from time to time whether it is still the one in force. */
async function watchWebhook(session: TelegramSession, api: Api): Promise<void> {
  const url = session.webhookUrl('updates');
  const { secretToken } = session.settings;
  if (secretToken === undefined) throw new Failure('config', 'The setting secretToken is missing.');
  const signal = session.signal as unknown as NonNullable<Parameters<Api['getWebhookInfo']>[0]>;
  await api.setWebhook(url, { secret_token: secretToken, allowed_updates: allowedUpdates }, signal);
  while (!session.signal.aborted) {
    const info = await api.getWebhookInfo(signal);
    session.report(healthOf(info, url, session.now()));
    await sleep(watchMs, undefined, { signal: session.signal });
  }
}

interface WebhookInfo {
  readonly url?: string;
  readonly pending_update_count: number;
  readonly last_error_date?: number;
  readonly last_error_message?: string;
}

const recentSeconds = 300;

/** What Telegram says of the webhook. An error that is over, with nothing waiting, is no trouble any more. */
export function healthOf(info: WebhookInfo, url: string, now: Date) {
  if (info.url !== url) {
    return {
      state: 'replaced' as const,
      detail: 'Telegram has another webhook for this bot than the one of this gateway.',
      action: 'Find what else uses this token; then set the account again: archway account set',
    };
  }
  const age = now.getTime() / 1_000 - (info.last_error_date ?? 0);
  if (age < recentSeconds && info.pending_update_count > 0) {
    return {
      state: 'degraded' as const,
      detail: `Telegram could not deliver, and keeps ${info.pending_update_count} updates: ${info.last_error_message ?? 'no reason given'}.`,
      action: 'Check that the public URL is reached from outside: archway account test',
    };
  }
  return { state: 'open' as const };
}
