import type { Command } from 'commander';
import { repeated } from './arguments.js';
import { usageError } from './cli-error.js';
import { custodianShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface AddOptions {
  readonly address: readonly string[];
}

/** `archway custodian …` */
export function registerCustodians(program: Command, shell: Shell): void {
  const family = program.command('custodian').description('employees whose communications are captured');
  addApiCommand(family, 'add <name>', {
    summary: 'add a custodian with the addresses that are theirs',
    example: 'archway custodian add "Ada Example" --address +12025550123 --address ada@example.com',
  })
    .option(
      '--address <address>',
      'a number in E.164 form, an e-mail address, an id; may be repeated',
      repeated,
      [],
    )
    .action(action(shell, addCustodian));
  addApiCommand(family, 'list', { summary: 'list the custodians', example: 'archway custodian list' }).action(
    action(shell, listCustodians),
  );
}

async function addCustodian(context: Context, name: string, { address }: AddOptions): Promise<void> {
  const { output } = context;
  if (address.length === 0) {
    throw usageError(
      'A custodian is recognised by an address: give at least one --address, such as +12025550123.',
    );
  }
  const client = await context.client();
  const added = await client.post('/v1/custodians', custodianShape, { name, addresses: address });
  if (output.json) return output.value(added);
  await output.lines(`Added custodian ${added.id}: ${added.name}, ${added.addresses.join(', ')}.`);
}

async function listCustodians({ output, client }: Context): Promise<void> {
  const custodians = await (await client()).all('/v1/custodians', custodianShape);
  await output.list(
    custodians,
    [
      { heading: 'ID', value: (custodian) => custodian.id },
      { heading: 'NAME', value: (custodian) => custodian.name },
      { heading: 'ADDRESSES', value: (custodian) => custodian.addresses.join(', ') },
    ],
    'There are no custodians yet. Add one with: archway custodian add <name> --address …',
  );
}
