import type { AccountCheck, CheckContext } from 'archway/sdk';
import { asSignal, openApi } from './api.js';
import { failureOf } from './failure.js';
import { healthOf } from './session.js';
import type { TelegramSettings } from './settings.js';

/** Whether the token is good, and whether the webhook that Telegram has is ours and gets its updates through. */
export async function check(context: CheckContext<TelegramSettings>): Promise<AccountCheck[]> {
  const { settings, signal } = context;
  const api = await openApi(settings);
  try {
    const me = await api.getMe(asSignal(signal));
    const info = await api.getWebhookInfo(asSignal(signal));
    const token = {
      name: 'token',
      ok: true,
      detail: `Telegram takes the token, which is that of @${me.username}.`,
    };
    return [token, settings.mode === 'polling' ? noWebhook(info.url ?? '') : webhookCheck(info, context)];
  } catch (error) {
    throw failureOf(error);
  }
}

function noWebhook(url: string): AccountCheck {
  const name = 'no-webhook';
  if (url === '')
    return { name, ok: true, detail: 'Telegram has no webhook for this bot, so it can be polled.' };
  return {
    name,
    ok: false,
    detail: 'Telegram has a webhook for this bot, and refuses to be polled.',
    remedy: 'Find what else uses this token; the gateway takes the webhook away when its session begins.',
  };
}

function webhookCheck(
  info: Parameters<typeof healthOf>[0],
  { webhookUrl, now }: CheckContext<TelegramSettings>,
): AccountCheck {
  const health = healthOf(info, webhookUrl('updates'), now());
  if (health.state === 'open') {
    const waiting = info.pending_update_count;
    return {
      name: 'webhook',
      ok: true,
      detail: `Telegram has this gateway’s webhook; ${waiting} updates wait.`,
    };
  }
  return { name: 'webhook', ok: false, detail: health.detail, remedy: health.action };
}
