import { createHash, timingSafeEqual } from 'node:crypto';
import type { Capture, Verdict } from 'archway/sdk';
import type { TelegramSettings } from './settings.js';

const header = 'x-telegram-bot-api-secret-token';

/** Telegram signs nothing: it repeats the secret that was given to it with the webhook. Without one nobody is let in. */
export function verify(capture: Capture, settings: TelegramSettings): Verdict {
  const given = capture.headers[header];
  if (given === undefined || given === '') return { ok: false, reason: 'missing_signature' };
  const secrets = [settings.secretToken, settings.previousSecretToken].filter((each): each is string =>
    Boolean(each),
  );
  return secrets.some((each) => sameText(given, each))
    ? { ok: true }
    : { ok: false, reason: 'bad_signature' };
}

/** In a time that says nothing about where two texts differ, or how long the secret is. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
