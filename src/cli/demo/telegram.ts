import { botId } from './people.js';
import type { Step } from './steps.js';

export const token = `${botId}:AAmadeUpTokenOfTheDemo-0123456789abcdef`;
export const secretToken = 'a-made-up-secret-of-the-demo';

export const telegramTexts = [
  'Is the branch open on Friday?',
  'Is the branch open on Friday afternoon?',
] as const;

/** Priya writes to the firm's bot, and corrects herself. */
export function chatOfTheDay(): Step<object>[] {
  const priya = { id: 7_000_181, is_bot: false, first_name: 'Priya' };
  const chat = { id: priya.id, type: 'private', first_name: 'Priya' };
  const message = { message_id: 41, date: 1_795_444_200, from: priya, chat };
  const [asked, corrected] = telegramTexts;
  return [
    {
      what: 'Priya asks the bot on Telegram',
      request: { update_id: 9_001, message: { ...message, text: asked } },
    },
    {
      what: 'Priya corrects her question (the first one stays on record)',
      request: {
        update_id: 9_002,
        edited_message: { ...message, edit_date: 1_795_444_260, text: corrected },
      },
    },
  ];
}

/** Posts an update as Telegram does, with the secret that it was given. */
export async function sendAsTelegram(
  { listenerUrl, webhookUrl }: { readonly listenerUrl: string; readonly webhookUrl: string },
  update: object,
): Promise<number> {
  const response = await fetch(`${listenerUrl}${new URL(webhookUrl).pathname}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secretToken },
    body: JSON.stringify(update),
  });
  await response.arrayBuffer();
  return response.status;
}
