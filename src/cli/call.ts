import type { Command } from 'commander';
import { requestedShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface CallOptions {
  readonly account: string;
  readonly to: string;
  readonly ring?: string;
  readonly key: string;
}

/** `archway call` */
export function registerCall(program: Command, shell: Shell): void {
  addApiCommand(program, 'call', {
    summary: 'call somebody: the custodian is rung first, then the other side',
    example: 'archway call --account desk --to +12025550123 --ring +12025550145 --key call-7',
    notes: 'The request is on record when the command ends; `archway calls ID` shows what became of it.',
  })
    .requiredOption('--account <account>', 'id or name of the account whose number calls')
    .requiredOption('--to <number>', 'who is to be called')
    .option('--ring <number>', 'where the custodian is rung first (default: what the account says)')
    .requiredOption('--key <key>', 'yours to choose: with the same key the same call is made once')
    .action(action(shell, requestCall));
}

async function requestCall(context: Context, { account, to, ring, key }: CallOptions): Promise<void> {
  const client = await context.client();
  const body = { account, to, ...(ring !== undefined && { ring }), idempotencyKey: key };
  const requested = await client.post('/v1/calls', requestedShape, body);
  if (context.output.json) return context.output.value(requested);
  await context.output.note(
    `Call ${requested.id} is on record and will be made. \`archway calls ${requested.id}\` shows what became of it.`,
  );
}
