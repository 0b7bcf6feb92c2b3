import type { Command } from 'commander';
import type { z } from 'zod';
import { parseLimit, parseTime } from './arguments.js';
import { printList } from './print-list.js';
import { conversationEntryShape, conversationShape, rebuiltShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import type { Column } from './table.js';

interface ListOptions {
  readonly custodian?: string;
  readonly contact?: string;
  readonly address?: string;
  readonly channel?: string;
  readonly account?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
}

type Conversation = z.infer<typeof conversationShape>;

const columns: readonly Column<Conversation>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'LAST', value: ({ lastAt }) => lastAt },
  { heading: 'RECORDS', value: ({ records }) => String(records) },
  { heading: 'CHANNELS', value: ({ channels }) => channels.join(', ') },
  { heading: 'BETWEEN', value: ({ participants }) => participants.map(nameOf).join(', ') },
];

const entryColumns: readonly Column<z.infer<typeof conversationEntryShape>>[] = [
  { heading: 'WHEN', value: (entry) => entry.occurredAt ?? entry.receivedAt },
  { heading: 'CHANNEL', value: (entry) => entry.channel },
  { heading: 'KIND', value: (entry) => entry.kind },
  { heading: 'FROM', value: (entry) => entry.from },
  { heading: 'TO', value: (entry) => entry.to.join(', ') },
  { heading: 'ID', value: (entry) => entry.id },
  { heading: 'TEXT', value: (entry) => entry.text ?? entry.status },
];

function nameOf({ person, addresses }: Conversation['participants'][number]): string {
  return person?.name ?? addresses[0] ?? '(erased)';
}

/** `archway conversations`, `archway conversation` and `archway rebuild-conversations` */
export function registerConversations(program: Command, shell: Shell): void {
  addApiCommand(program, 'conversations', {
    summary: 'list who spoke with whom over all channels, the newest first; --json prints one a line',
    example: 'archway conversations --custodian "Ada Example" --channel whatsapp',
  })
    .option('--custodian <person>', 'id or name of a custodian who takes part')
    .option('--contact <person>', 'id or name of a contact who takes part')
    .option('--address <address>', 'a number or address that takes part')
    .option('--channel <channel>', 'such as sms, whatsapp, voice')
    .option('--account <account>', 'id or name of an account')
    .option('--since <time>', 'something was said at or after this ISO time', parseTime)
    .option('--until <time>', 'something was said before this ISO time', parseTime)
    .option('--limit <number>', 'stop after this many (default: all)', parseLimit)
    .action(action(shell, listConversations));
  addApiCommand(program, 'conversation <id>', {
    summary: 'show the records of one conversation in their order; --json prints one a line',
    example: 'archway conversation 134112d6-78b0-8518-bc76-77c81188b090',
  })
    .option('--limit <number>', 'stop after this many (default: all)', parseLimit)
    .action(action(shell, showConversation));
  addApiCommand(program, 'rebuild-conversations', {
    summary: 'make the list of conversations again from the journal',
    example: 'archway rebuild-conversations',
  }).action(action(shell, rebuild));
}

function listConversations(context: Context, options: ListOptions): Promise<void> {
  const { custodian, contact, address, channel, account, since, until, limit } = options;
  const query = { custodian, contact, address, channel, account, since, until };
  const none = 'There are no such conversations.';
  return printList(context, {
    path: '/v1/conversations',
    item: conversationShape,
    columns,
    query,
    limit,
    none,
  });
}

function showConversation(context: Context, id: string, { limit }: { limit?: number }): Promise<void> {
  const path = `/v1/conversations/${encodeURIComponent(id)}`;
  return printList(context, { path, item: conversationEntryShape, columns: entryColumns, limit });
}

async function rebuild({ output, client }: Context): Promise<void> {
  const rebuilt = await (await client()).post('/v1/conversations/rebuild', rebuiltShape);
  if (output.json) return output.value(rebuilt);
  await output.lines(`Made again from ${rebuilt.records} records.`);
}
