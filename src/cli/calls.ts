import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { callOutcomes } from '../core/call-fold.js';
import { parseLimit, parseTime } from './arguments.js';
import { printCall } from './call-view.js';
import { printList } from './print-list.js';
import { callDetailShape, callShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import type { Column } from './table.js';

interface ListOptions {
  readonly since?: string;
  readonly until?: string;
  readonly account?: string;
  readonly connector?: string;
  readonly direction?: string;
  readonly outcome?: string;
  readonly address?: string;
  readonly custodian?: string;
  readonly contact?: string;
  readonly conversation?: string;
  readonly newest?: true;
  readonly limit?: number;
}

const columns: readonly Column<z.infer<typeof callShape>>[] = [
  { heading: 'STARTED', value: (call) => call.startedAt },
  { heading: 'DIRECTION', value: (call) => call.direction },
  { heading: 'FROM', value: (call) => call.from },
  { heading: 'TO', value: (call) => call.to },
  { heading: 'OUTCOME', value: (call) => call.outcome },
  { heading: 'RANG', value: (call) => call.ringSeconds },
  { heading: 'TALKED', value: (call) => call.talkSeconds },
  { heading: 'RECORDINGS', value: (call) => call.recordings.length },
  { heading: 'ID', value: (call) => call.id },
];

/** `archway calls` */
export function registerCalls(program: Command, shell: Shell): void {
  addApiCommand(program, 'calls [id]', {
    summary:
      'list the calls, in the order of the journal; --json prints one a line; with an id, show that one',
    example: 'archway calls --since 2026-11-01 --outcome no-answer --json',
    notes: '`archway calls ID` shows one call with its legs and its full history.',
  })
    .option('--since <time>', 'began at or after this ISO time', parseTime)
    .option('--until <time>', 'began before this ISO time', parseTime)
    .option('--account <account>', 'id or name of an account')
    .option('--connector <connector>', 'id of a connector')
    .addOption(new Option('--direction <direction>', 'which way it went').choices(['inbound', 'outbound']))
    .addOption(new Option('--outcome <outcome>', 'what came of it').choices([...callOutcomes]))
    .option('--address <address>', 'one of its legs has this number or address')
    .option('--custodian <person>', 'id or name of a custodian who took part, as known today')
    .option('--contact <person>', 'id or name of a contact who took part, as known today')
    .option('--conversation <id>', 'id of a conversation')
    .option('--newest', 'the newest first')
    .option('--limit <number>', 'stop after this many (default: all)', parseLimit)
    .action(
      action(shell, (context, id: string | undefined, options: ListOptions) =>
        id === undefined ? listCalls(context, options) : showCall(context, id),
      ),
    );
}

function listCalls(context: Context, options: ListOptions): Promise<void> {
  const { limit, since, until, account, connector, direction, outcome, address } = options;
  const { conversation, custodian, contact } = options;
  const order = options.newest === true ? 'newest' : undefined;
  const query = {
    ...{ since, until, account, connector, direction, outcome, address },
    ...{ conversation, custodian, contact, order },
  };
  const none = 'There are no such calls.';
  return printList(context, { path: '/v1/calls', item: callShape, columns, query, limit, none });
}

async function showCall(context: Context, id: string): Promise<void> {
  const client = await context.client();
  const call = await client.get(`/v1/calls/${encodeURIComponent(id)}`, callDetailShape);
  if (context.output.json) return context.output.value(call);
  await printCall(context.output, call);
}
