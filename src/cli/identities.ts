import { type Command, Option } from 'commander';
import { parseTime } from './arguments.js';
import { usageError } from './cli-error.js';
import { custodianShape, identityShape, unknownPersonShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface AssignOptions {
  readonly custodian?: string;
  readonly contact?: string;
  readonly from?: string;
  readonly until?: string;
}

/** `archway people …` and `archway identity …` */
export function registerIdentities(program: Command, shell: Shell): void {
  const people = program.command('people').description('addresses that are nobody’s, and whose they become');
  addApiCommand(people, 'unknown', {
    summary: 'list addresses that were nobody’s when something was said under them',
    example: 'archway people unknown --own',
  })
    .option('--own', 'only addresses of our own accounts: employees who are not known')
    .action(action(shell, listUnknown));
  addApiCommand(people, 'assign <address>', {
    summary: 'give an address to a custodian or contact; no record is changed by it',
    example: 'archway people assign +12025550177 --contact "Carol Example"',
  })
    .option('--custodian <person>', 'id or name; a new name adds a custodian')
    .addOption(
      new Option('--contact <person>', 'id or name; a new name adds a contact').conflicts('custodian'),
    )
    .option('--from <time>', 'theirs from this ISO time on (default: always)', parseTime)
    .option('--until <time>', 'theirs until this ISO time (default: for good)', parseTime)
    .action(action(shell, assign));
  const identity = program.command('identity').description('whose an address is, from when until when');
  addApiCommand(identity, 'list', {
    summary: 'list whose which address is',
    example: 'archway identity list',
  }).action(action(shell, listIdentities));
  addApiCommand(identity, 'end <id>', {
    summary: 'end it, as when a person leaves and the number passes to somebody else',
    example: 'archway identity end 019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f --at 2026-11-30',
  })
    .requiredOption('--at <time>', 'from this ISO time on the address is theirs no more', parseTime)
    .action(action(shell, end));
}

async function listUnknown({ output, client }: Context, { own }: { own?: boolean }): Promise<void> {
  const query = own === true ? { own: 'true' } : {};
  const people = await (await client()).all('/v1/people/unknown', unknownPersonShape, query);
  await output.list(
    people,
    [
      { heading: 'ADDRESS', value: (person) => person.address ?? '(erased)' },
      { heading: 'NAME', value: (person) => person.name },
      { heading: 'OWN', value: (person) => (person.own ? 'yes' : 'no') },
      { heading: 'RECORDS', value: (person) => String(person.records) },
      { heading: 'FIRST', value: (person) => person.firstAt },
      { heading: 'LAST', value: (person) => person.lastAt },
    ],
    'Every address was somebody’s whenever something was said under it.',
  );
}

async function assign(context: Context, address: string, options: AssignOptions): Promise<void> {
  const { custodian, contact, from, until } = options;
  const person = custodian ?? contact;
  if (person === undefined)
    throw usageError('Say whose it is: give --custodian or --contact with a name or id.');
  const role = custodian === undefined ? 'contact' : 'custodian';
  const body = { address, role, person, validFrom: from, validUntil: until };
  const assigned = await (await context.client()).post('/v1/identities', identityShape, body);
  if (context.output.json) return context.output.value(assigned);
  await context.output.lines(`Assigned ${assigned.address} to ${role} ${person} (identity ${assigned.id}).`);
}

async function listIdentities({ output, client }: Context): Promise<void> {
  const api = await client();
  const families = [
    ['custodian', await api.all('/v1/custodians', custodianShape)],
    ['contact', await api.all('/v1/contacts', custodianShape)],
  ] as const;
  const rows = families.flatMap(([role, people]) =>
    people.flatMap(({ id, name, identities = [] }) =>
      identities.map((identity) => ({ ...identity, role, person: { id, name } })),
    ),
  );
  await output.list(
    rows,
    [
      { heading: 'ID', value: (row) => row.id },
      { heading: 'ADDRESS', value: (row) => row.address },
      { heading: 'ROLE', value: (row) => row.role },
      { heading: 'NAME', value: (row) => row.person.name },
      { heading: 'FROM', value: (row) => row.validFrom },
      { heading: 'UNTIL', value: (row) => row.validUntil },
    ],
    'No address is known yet. Add a person with: archway custodian add <name> --address …',
  );
}

async function end(context: Context, id: string, { at }: { at: string }): Promise<void> {
  const client = await context.client();
  const path = `/v1/identities/${encodeURIComponent(id)}`;
  const ended = await client.patch(path, identityShape, { validUntil: at });
  if (context.output.json) return context.output.value(ended);
  await context.output.lines(`${ended.address} is theirs until ${ended.validUntil}.`);
}
