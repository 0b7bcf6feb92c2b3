import type { Command } from 'commander';
import { repeated } from './arguments.js';
import { usageError } from './cli-error.js';
import { uploadMedia } from './media-files.js';
import { requestedShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface SendOptions {
  readonly account: string;
  readonly to: string;
  readonly text?: string;
  readonly media: readonly string[];
  readonly key: string;
  readonly replyTo?: string;
  readonly reactTo?: string;
  readonly emoji?: string;
}

/** `archway send` */
export function registerSend(program: Command, shell: Shell): void {
  addApiCommand(program, 'send', {
    summary: 'send a message',
    example: 'archway send --account desk --to +12025550123 --text "Your order is done." --key order-7',
    notes:
      'The request is on record when the command ends; `archway message ID` shows what became of it.\n' +
      '--media takes files whose name says what they are, such as chart.png, up to 16 MB.',
  })
    .requiredOption('--account <account>', 'id or name of the account that sends')
    .requiredOption('--to <recipient>', 'a number or address, as the channel writes it')
    .option('--text <text>', 'what it says')
    .option('--media <file>', 'a file to send along; may be repeated', repeated, [])
    .requiredOption('--key <key>', 'yours to choose: with the same key the same message is sent once')
    .option('--reply-to <message>', 'id of the message that this one answers, where the channel has answers')
    .option('--react-to <message>', 'instead of a text: id of the message to react to, where the channel can')
    .option('--emoji <emoji>', "the reaction; '' takes back the one that there was")
    .action(action(shell, send));
}

async function send(
  context: Context,
  { account, to, text, media: files, key, replyTo, reactTo, emoji }: SendOptions,
): Promise<void> {
  if ((reactTo === undefined) !== (emoji === undefined))
    throw usageError('--react-to and --emoji go together.');
  if (reactTo === undefined && text === undefined && files.length === 0)
    throw usageError('Give a --text, or --media, or both.');
  const client = await context.client();
  const media = await uploadMedia(client, files);
  const body = {
    account,
    to,
    text,
    idempotencyKey: key,
    ...(media.length > 0 && { media: media.map((id) => ({ id })) }),
    ...(replyTo !== undefined && { replyTo }),
    ...(reactTo !== undefined && { reaction: { to: reactTo, emoji: emoji || null } }),
  };
  const requested = await client.post('/v1/messages', requestedShape, body);
  if (context.output.json) return context.output.value(requested);
  const shows =
    reactTo === undefined ? `archway message ${requested.id}` : `archway outbound show ${requested.id}`;
  await context.output.note(
    `Message ${requested.id} is on record and will be sent. \`${shows}\` shows what became of it.`,
  );
}
