import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { parseLimit, parseTime } from './arguments.js';
import { printMessage } from './message-view.js';
import { printList } from './print-list.js';
import { messageDetailShape, messageShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import type { Column } from './table.js';

interface ListOptions {
  readonly since?: string;
  readonly until?: string;
  readonly account?: string;
  readonly direction?: string;
  readonly address?: string;
  readonly custodian?: string;
  readonly contact?: string;
  readonly conversation?: string;
  readonly newest?: true;
  readonly limit?: number;
}

const textLengthMax = 60;

const columns: readonly Column<z.infer<typeof messageShape>>[] = [
  { heading: 'RECEIVED', value: (message) => message.receivedAt },
  { heading: 'DIRECTION', value: (message) => message.direction },
  { heading: 'FROM', value: (message) => message.from },
  { heading: 'TO', value: (message) => message.to?.join(', ') },
  { heading: 'STATUS', value: (message) => message.status },
  { heading: 'ID', value: (message) => message.id },
  { heading: 'TEXT', value: (message) => shorten(message) },
];

/** `archway messages` and `archway message` */
export function registerMessages(program: Command, shell: Shell): void {
  addApiCommand(program, 'messages', {
    summary: 'list the messages, in the order of the journal; --json prints one a line',
    example: 'archway messages --since 2026-11-01 --address +12025550123 --json',
  })
    .option('--since <time>', 'received at or after this ISO time', parseTime)
    .option('--until <time>', 'received before this ISO time', parseTime)
    .option('--account <account>', 'id or name of an account')
    .addOption(new Option('--direction <direction>', 'which way it went').choices(['inbound', 'outbound']))
    .option('--address <address>', 'from or to this number or address')
    .option('--custodian <person>', 'id or name of a custodian who took part, as known today')
    .option('--contact <person>', 'id or name of a contact who took part, as known today')
    .option('--conversation <id>', 'id of a conversation')
    .option('--newest', 'the newest first')
    .option('--limit <number>', 'stop after this many (default: all)', parseLimit)
    .action(action(shell, listMessages));
  addApiCommand(program, 'message <id>', {
    summary: 'show one message with its full history and its deliveries',
    example: 'archway message 019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f',
  }).action(action(shell, showMessage));
}

function listMessages(context: Context, options: ListOptions): Promise<void> {
  const { limit, since, until, account, direction, address, conversation, custodian, contact } = options;
  const order = options.newest === true ? 'newest' : undefined;
  const query = { since, until, account, direction, address, conversation, custodian, contact, order };
  const none = 'There are no such messages.';
  return printList(context, { path: '/v1/messages', item: messageShape, columns, query, limit, none });
}

async function showMessage(context: Context, id: string): Promise<void> {
  const client = await context.client();
  const message = await client.get(`/v1/messages/${encodeURIComponent(id)}`, messageDetailShape);
  if (context.output.json) return context.output.value(message);
  await printMessage(context.output, message);
}

function shorten({ text, attachments }: z.infer<typeof messageShape>): string {
  const count = attachments?.length ?? 0;
  const suffix = count === 0 ? '' : ` [${count} attachment${count === 1 ? '' : 's'}]`;
  const characters = [...(text ?? '')];
  const cut =
    characters.length > textLengthMax ? `${characters.slice(0, textLengthMax - 1).join('')}…` : (text ?? '');
  return `${cut}${suffix}`.trimStart();
}
