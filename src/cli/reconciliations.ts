import type { Command } from 'commander';
import type { z } from 'zod';
import { parseLimit, parseTime } from './arguments.js';
import { printList } from './print-list.js';
import { reconciliationShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import type { Column } from './table.js';

type Reconciliation = z.infer<typeof reconciliationShape>;

const columns: readonly Column<Reconciliation>[] = [
  { heading: 'SINCE', value: (row) => row.since },
  { heading: 'UNTIL', value: (row) => row.until },
  { heading: 'CAUSE', value: (row) => row.cause },
  { heading: 'STATE', value: (row) => row.state },
  { heading: 'OBSERVED', value: (row) => row.observed },
  { heading: 'RECORDED', value: (row) => row.recorded },
  { heading: 'MISSING', value: (row) => row.missing },
  { heading: 'LATE', value: (row) => row.late },
  { heading: 'ACCOUNT', value: (row) => row.account },
  { heading: 'FAILURE', value: (row) => row.failure },
];

/** `archway reconciliations` */
export function registerReconciliations(program: Command, shell: Shell): void {
  addApiCommand(program, 'reconciliations', {
    summary: 'list the windows that were compared with what a provider lists, the newest first',
    example: 'archway reconciliations --limit 10',
    notes:
      'observed = recorded (it was in the journal) + missing (captured now) + late (on its way when the provider was asked).',
  })
    .option('--limit <number>', 'stop after this many (default: all)', parseLimit)
    .action(action(shell, listReconciliations));
}

/** `archway account reconcile` */
export function registerReconcile(family: Command, shell: Shell): void {
  addApiCommand(family, 'reconcile <account>', {
    summary:
      'compare a window of an account, by id or name, with what its provider lists; capture what is missing',
    example: 'archway account reconcile desk --since 2026-11-23T08:00:00Z',
    notes: 'The work goes on in the server; `archway reconciliations` shows how far it is.',
  })
    .requiredOption('--since <time>', 'from this ISO time on', parseTime)
    .option('--until <time>', 'before this ISO time (default: now)', parseTime)
    .action(action(shell, reconcile));
}

function listReconciliations(context: Context, { limit }: { limit?: number }): Promise<void> {
  const none = 'Nothing was compared with a provider yet.';
  return printList(context, { path: '/v1/reconciliations', item: reconciliationShape, columns, limit, none });
}

async function reconcile(
  { output, client }: Context,
  account: string,
  { since, until }: { since: string; until?: string },
): Promise<void> {
  const path = `/v1/accounts/${encodeURIComponent(account)}/reconcile`;
  const row = await (await client()).post(path, reconciliationShape, { since, ...(until && { until }) });
  if (output.json) return output.value(row);
  await output.lines(
    `The provider is asked for ${row.since} to ${row.until}. See how far it is with: archway reconciliations`,
  );
}
