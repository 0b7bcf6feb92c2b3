import type { Api, Transformer } from 'grammy';
import type { TelegramSettings } from './settings.js';

const hostedUrl = 'https://api.telegram.org';

/** Where the Bot API is, without a slash at its end. */
export function apiRootOf({ apiBaseUrl = hostedUrl }: Pick<TelegramSettings, 'apiBaseUrl'>): string {
  return apiBaseUrl.replace(/\/+$/, '');
}

/** Loaded when an account needs it, so that a gateway without Telegram does not pay for it. */
export async function openApi(settings: TelegramSettings): Promise<Api> {
  const { Api } = await import('grammy');
  return new Api(settings.token, { apiRoot: apiRootOf(settings) });
}

/** grammY's types know of another signal than Node's; at run time it takes any. */
export function asSignal(signal: AbortSignal): Parameters<Transformer>[3] {
  return signal as unknown as Parameters<Transformer>[3];
}
