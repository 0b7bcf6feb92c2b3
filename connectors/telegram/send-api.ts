import { Failure } from 'archway/sdk';
import type { Api, Transformer } from 'grammy';
import { apiRootOf, openApi } from './api.js';
import type { TelegramSettings } from './settings.js';

/** A wait that Telegram asks for is waited out here only while the caller has patience; else the whole account pauses. */
const waitMaxSeconds = 5;
const waitsMax = 2;

/** One for each bot, as Telegram counts all that a bot sends. By the address of the API and the bot's id. */
const throttlers = new Map<string, Transformer>();

/** An API for one message, and whether a request of it may have reached Telegram. */
export interface SendingApi {
  readonly api: Api;
  hasLeft(): boolean;
}

/**
 * The library's own retrying and throttling, held back from one thing: what may have arrived is never repeated. So only a
 * 429 is tried again, which says that nothing was done; a broken connection and an error of Telegram's server are not.
 */
export async function openSendingApi(settings: TelegramSettings, botId: string): Promise<SendingApi> {
  const api = await openApi(settings);
  const { autoRetry } = await import('@grammyjs/auto-retry');
  let left = false;
  const note: Transformer = (call, method, payload, signal) => {
    // The throttler knows of no signal, and may let a message go when nobody waits for it any more.
    if (signal?.aborted) return Promise.reject(tooLate());
    left = true;
    return call(method, payload, signal);
  };
  const endWaiting: Transformer = (call, method, payload, signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        if (!left) reject(tooLate());
      });
      call(method, payload, signal).then(resolve, reject);
    });
  // The first is the innermost: it sees what really leaves.
  api.config.use(
    note,
    await throttlerOf(`${apiRootOf(settings)}/${botId}`),
    autoRetry({
      maxRetryAttempts: waitsMax,
      maxDelaySeconds: waitMaxSeconds,
      rethrowInternalServerErrors: true,
      rethrowHttpErrors: true,
    }),
    endWaiting,
  );
  return { api, hasLeft: () => left };
}

function tooLate(): Failure {
  return new Failure(
    'unavailable',
    'The message did not leave in time: what Telegram allows for this chat is used up.',
  );
}

async function throttlerOf(bot: string): Promise<Transformer> {
  const known = throttlers.get(bot);
  if (known !== undefined) return known;
  const { apiThrottler } = await import('@grammyjs/transformer-throttler');
  const made = apiThrottler();
  throttlers.set(bot, made);
  return made;
}
