import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { recordKinds } from '../sdk/index.js';
import { parseLimit } from './arguments.js';
import { printList } from './print-list.js';
import { envelopeShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import type { Column } from './table.js';

interface ListOptions {
  readonly kind?: string;
  readonly conversation?: string;
  readonly limit?: number;
}

const columns: readonly Column<z.infer<typeof envelopeShape>>[] = [
  { heading: 'SEQUENCE', value: ({ skeleton }) => skeleton.sequence },
  { heading: 'RECORDED', value: ({ skeleton }) => skeleton.times.recorded },
  { heading: 'KIND', value: ({ skeleton }) => skeleton.kind },
  { heading: 'CONNECTOR', value: ({ skeleton }) => skeleton.connector },
  { heading: 'ID', value: ({ skeleton }) => skeleton.id },
  { heading: 'CONVERSATION', value: ({ skeleton }) => skeleton.conversation },
];

/** `archway records` */
export function registerRecords(program: Command, shell: Shell): void {
  addApiCommand(program, 'records', {
    summary: 'list the records of the journal; --json prints whole envelopes, one a line',
    example: 'archway records --kind receipt --json',
  })
    .addOption(new Option('--kind <kind>', 'only this kind').choices(recordKinds))
    .option('--conversation <id>', 'id of a conversation')
    .option('--limit <number>', 'stop after this many (default: all)', parseLimit)
    .action(action(shell, listRecords));
}

function listRecords(context: Context, options: ListOptions): Promise<void> {
  const { kind, conversation, limit } = options;
  const query = { kind, conversation };
  const none = 'There are no such records.';
  return printList(context, { path: '/v1/records', item: envelopeShape, columns, query, limit, none });
}
