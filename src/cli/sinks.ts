import type { Command } from 'commander';
import type { z } from 'zod';
import { commaSeparated } from './arguments.js';
import { usageError } from './cli-error.js';
import { registerPluginCommands } from './plugin-commands.js';
import { addSetOption, readSettings, type Setting, settingNotes } from './settings.js';
import { addedSinkShape, sinkShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import { inspectSinks } from './sink-inspection.js';
import { describeSink, sinkColumns } from './sink-view.js';

interface FilterOptions {
  readonly onlyConnector?: readonly string[];
  readonly onlyCustodian?: readonly string[];
  readonly onlyKind?: readonly string[];
}

interface AddOptions extends FilterOptions {
  readonly name?: string;
  readonly set: readonly Setting[];
}

interface ChangeOptions extends AddOptions {
  readonly takeAll?: boolean;
}

const filterNotes = `With --only-… a sink takes only records that meet every one of these options; each takes a list (a,b) and may be repeated.
What no sink takes stays in the journal, and \`archway sink list\` counts what a filter left out.`;

/** `archway sink …` */
export function registerSinks(program: Command, shell: Shell): void {
  const family = program.command('sink').description('archives that receive every record');
  const add = addApiCommand(family, 'add <type>', {
    summary: 'add a sink; it receives the records that are made from now on',
    example: 'archway sink add filesystem --name archive --set directory=/srv/archive',
    notes: `${filterNotes}\n${settingNotes}`,
  });
  add.option('--name <name>', 'name for people (default: the type)');
  addSetOption(addFilterOptions(add)).action(action(shell, addSink));
  const change = addApiCommand(family, 'set <sink>', {
    summary: 'change a sink, by id or name, without a restart; what is not named stays',
    example: 'archway sink set archive --set directory=/srv/new-archive',
    notes: `\`--set name=\` takes an optional setting away. Any --only-… takes the place of the whole filter, --take-all ends it.
A new filter is for the records that are made from now on. ${filterNotes}\n${settingNotes}`,
  });
  change.option('--name <name>', 'another name for people');
  change.option('--take-all', 'take every record from now on');
  addSetOption(addFilterOptions(change)).action(action(shell, changeSink));
  addApiCommand(family, 'list', {
    summary: 'list the sinks: their state, what waits and for how long, how fast they take',
    example: 'archway sink list',
  }).action(action(shell, listSinks));
  addApiCommand(family, 'show <sink>', {
    summary: 'show one sink, by id or name: settings, filter, state and figures',
    example: 'archway sink show archive',
  })
    .alias('status')
    .action(action(shell, showSink));
  registerPauses(family, shell);
  addApiCommand(family, 'inspect [sink]', {
    summary:
      'read back what was delivered, to one sink or to all, and say what is intact, altered or missing',
    example: 'archway sink inspect archive',
    notes: 'Ends with 6 when anything is altered or missing; each such record is listed.',
  }).action(action(shell, inspectSinks));
  registerPluginCommands(family, 'sink', shell);
}

function registerPauses(family: Command, shell: Shell): void {
  addApiCommand(family, 'pause <sink>', {
    summary: 'deliver nothing to a sink until it is resumed, over restarts; records wait',
    example: 'archway sink pause archive',
  }).action(action(shell, (context, sink: string) => steer(context, sink, 'pause')));
  addApiCommand(family, 'resume <sink>', {
    summary: 'go on delivering to a sink, at once, also when it waits because of a failure',
    example: 'archway sink resume archive',
  }).action(action(shell, (context, sink: string) => steer(context, sink, 'resume')));
}

function addFilterOptions(command: Command): Command {
  return command
    .option('--only-connector <ids>', 'take only what came by these connectors', commaSeparated)
    .option(
      '--only-custodian <ids>',
      'take only what belongs to these custodians, by id or name (by id where a name has a comma)',
      commaSeparated,
    )
    .option('--only-kind <kinds>', 'take only these kinds of record, such as message,edit', commaSeparated);
}

/** Undefined when no filter was given. */
function filterOf({ onlyConnector, onlyCustodian, onlyKind }: FilterOptions) {
  const filter = {
    ...(onlyConnector && { connectors: onlyConnector }),
    ...(onlyCustodian && { custodians: onlyCustodian }),
    ...(onlyKind && { kinds: onlyKind }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

async function addSink({ output, client }: Context, type: string, options: AddOptions): Promise<void> {
  const settings = await readSettings(options.set);
  const filter = filterOf(options);
  const request = { type, name: options.name ?? type, settings, ...(filter && { filter }) };
  const added = await (await client()).post('/v1/sinks', addedSinkShape, request);
  if (output.json) return output.value(added);
  await output.lines(`Added sink ${added.id}. It receives the records that are made from now on.`);
}

async function changeSink({ output, client }: Context, sink: string, options: ChangeOptions): Promise<void> {
  const given = Object.entries(await readSettings(options.set));
  const settings = Object.fromEntries(given.map(([name, value]) => [name, value === '' ? null : value]));
  const filter = filterOf(options);
  if (options.takeAll && filter !== undefined)
    throw usageError('--take-all and --only-… exclude each other.');
  const request = {
    ...(options.name !== undefined && { name: options.name }),
    ...(given.length > 0 && { settings }),
    ...((options.takeAll || filter) && { filter: filter ?? null }),
  };
  if (Object.keys(request).length === 0) throw usageError('Nothing is to be changed. See --help.');
  const changed = await (await client()).patch(pathOf(sink), sinkShape, request);
  if (output.json) return output.value(changed);
  await output.lines(`Changed sink ${changed.name}.`);
}

async function listSinks({ output, client }: Context): Promise<void> {
  const sinks = await (await client()).all('/v1/sinks', sinkShape);
  await output.list(
    sinks,
    sinkColumns,
    'There are no sinks. Add one with: archway sink add filesystem --set directory=…',
  );
}

async function showSink({ output, client }: Context, sink: string): Promise<void> {
  const found = await (await client()).get(pathOf(sink), sinkShape);
  if (output.json) return output.value(found);
  await output.lines(...describeSink(found));
}

async function steer({ output, client }: Context, sink: string, act: 'pause' | 'resume'): Promise<void> {
  const changed = await (await client()).post(`${pathOf(sink)}/${act}`, sinkShape);
  if (output.json) return output.value(changed);
  await output.lines(sentences[act](changed));
}

const sentences = {
  pause: ({ name }: z.infer<typeof sinkShape>) =>
    `Paused sink ${name}. Records wait until: archway sink resume ${name}`,
  resume: ({ name, waiting }: z.infer<typeof sinkShape>) =>
    `Resumed sink ${name}; ${waiting} records wait for it.`,
};

function pathOf(sink: string): string {
  return `/v1/sinks/${encodeURIComponent(sink)}`;
}
