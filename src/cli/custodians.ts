import type { Command } from 'commander';
import { parseTime, repeated } from './arguments.js';
import { usageError } from './cli-error.js';
import { importPeople } from './people-import.js';
import { custodianShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface AddOptions {
  readonly address: readonly string[];
  readonly from?: string;
  readonly until?: string;
}

interface Family {
  readonly role: 'custodian' | 'contact';
  readonly path: string;
  readonly about: string;
  readonly example: string;
}

const custodians: Family = {
  role: 'custodian',
  path: '/v1/custodians',
  about: 'employees whose communications are captured',
  example: '"Ada Example" --address +12025550123 --address ada@example.com',
};

const contacts: Family = {
  role: 'contact',
  path: '/v1/contacts',
  about: 'people on the other side',
  example: '"Carol Example" --address +12025550177',
};

/** `archway custodian …` and `archway contact …` */
export function registerCustodians(program: Command, shell: Shell): void {
  const family = registerFamily(program, shell, custodians);
  registerFamily(program, shell, contacts);
  addApiCommand(family, 'import <file>', {
    summary:
      'import custodians and contacts with their addresses from CSV: all rows, or none where one is wrong',
    example: 'archway custodian import people.csv --dry-run',
    notes:
      'The first line names the columns: name,address and perhaps scheme,role,valid_from,valid_until. Role is custodian\n' +
      '(default) or contact. People are recognised by role and name: the same file again changes nothing.',
  })
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(action(shell, importPeople));
}

function registerFamily(program: Command, shell: Shell, family: Family): Command {
  const { role, about, example } = family;
  const command = program.command(role).description(about);
  addApiCommand(command, 'add <name>', {
    summary: `add a ${role} with the addresses that are theirs`,
    example: `archway ${role} add ${example}`,
  })
    .option(
      '--address <address>',
      'a number in E.164 form, an e-mail address, an id; may be repeated',
      repeated,
      [],
    )
    .option('--from <time>', 'theirs from this ISO time on (default: always)', parseTime)
    .option('--until <time>', 'theirs until this ISO time (default: for good)', parseTime)
    .action(
      action(shell, (context, name: string, options: AddOptions) => add(context, family, name, options)),
    );
  addApiCommand(command, 'list', {
    summary: `list the ${role}s`,
    example: `archway ${role} list`,
  }).action(action(shell, (context) => list(context, family)));
  return command;
}

async function add(
  context: Context,
  { role, path }: Family,
  name: string,
  options: AddOptions,
): Promise<void> {
  const { address, from, until } = options;
  const { output } = context;
  if (address.length === 0) {
    throw usageError(
      `A ${role} is recognised by an address: give at least one --address, such as +12025550123.`,
    );
  }
  const client = await context.client();
  const body = { name, addresses: address, validFrom: from, validUntil: until };
  const added = await client.post(path, custodianShape, body);
  if (output.json) return output.value(added);
  await output.lines(`Added ${role} ${added.id}: ${added.name}, ${added.addresses.join(', ')}.`);
}

async function list({ output, client }: Context, { role, path }: Family): Promise<void> {
  const people = await (await client()).all(path, custodianShape);
  await output.list(
    people,
    [
      { heading: 'ID', value: (person) => person.id },
      { heading: 'NAME', value: (person) => person.name },
      { heading: 'ADDRESSES', value: (person) => person.addresses.join(', ') },
    ],
    `There are no ${role}s yet. Add one with: archway ${role} add <name> --address …`,
  );
}
