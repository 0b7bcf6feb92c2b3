import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { recordKinds } from '../sdk/index.js';
import { parseLimit } from './arguments.js';
import { envelopeShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import { type Column, Table } from './table.js';

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

async function listRecords({ output, client }: Context, options: ListOptions): Promise<void> {
  const { kind, conversation, limit } = options;
  const query = { kind, conversation };
  const table = new Table(columns);
  let count = 0;
  for await (const page of (await client()).pages('/v1/records', envelopeShape, { query, limit })) {
    count += page.length;
    if (output.closed) return;
    if (output.json) await output.values(page);
    else if (page.length > 0) await output.lines(...table.lines(page));
  }
  if (count === 0) await output.note('There are no such records.');
}
