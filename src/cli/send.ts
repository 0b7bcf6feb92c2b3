import type { Command } from 'commander';
import { requestedShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface SendOptions {
  readonly account: string;
  readonly to: string;
  readonly text: string;
  readonly key: string;
  readonly replyTo?: string;
}

/** `archway send` */
export function registerSend(program: Command, shell: Shell): void {
  addApiCommand(program, 'send', {
    summary: 'send a message',
    example: 'archway send --account desk --to +12025550123 --text "Your order is done." --key order-7',
    notes: 'The request is on record when the command ends; `archway message ID` shows what became of it.',
  })
    .requiredOption('--account <account>', 'id or name of the account that sends')
    .requiredOption('--to <recipient>', 'a number or address, as the channel writes it')
    .requiredOption('--text <text>', 'what it says')
    .requiredOption('--key <key>', 'yours to choose: with the same key the same message is sent once')
    .option('--reply-to <message>', 'id of the message that this one answers, where the channel has answers')
    .action(action(shell, send));
}

async function send(context: Context, { account, to, text, key, replyTo }: SendOptions): Promise<void> {
  const client = await context.client();
  const body = { account, to, text, idempotencyKey: key, ...(replyTo !== undefined && { replyTo }) };
  const requested = await client.post('/v1/messages', requestedShape, body);
  if (context.output.json) return context.output.value(requested);
  await context.output.note(
    `Message ${requested.id} is on record and will be sent. \`archway message ${requested.id}\` shows what became of it.`,
  );
}
