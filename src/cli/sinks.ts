import type { Command } from 'commander';
import { registerPluginCommands } from './plugin-commands.js';
import { addSetOption, readSettings, type Setting, settingNotes } from './settings.js';
import { addedSinkShape, sinkShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import { inspectSinks } from './sink-inspection.js';

interface AddOptions {
  readonly name?: string;
  readonly set: readonly Setting[];
}

/** `archway sink …` */
export function registerSinks(program: Command, shell: Shell): void {
  const family = program.command('sink').description('archives that receive every record');
  const add = addApiCommand(family, 'add <type>', {
    summary: 'add a sink; it receives the records that are made from now on',
    example: 'archway sink add filesystem --name archive --set directory=/srv/archive',
    notes: settingNotes,
  });
  add.option('--name <name>', 'name for people (default: the type)');
  addSetOption(add).action(action(shell, addSink));
  addApiCommand(family, 'list', {
    summary: 'list the sinks: what they have, what waits, and what keeps them from taking more',
    example: 'archway sink list',
  }).action(action(shell, listSinks));
  addApiCommand(family, 'inspect [sink]', {
    summary:
      'read back what was delivered, to one sink or to all, and say what is intact, altered or missing',
    example: 'archway sink inspect archive',
    notes: 'Ends with 6 when anything is altered or missing; each such record is listed.',
  }).action(action(shell, inspectSinks));
  registerPluginCommands(family, 'sink', shell);
}

async function addSink({ output, client }: Context, type: string, options: AddOptions): Promise<void> {
  const settings = await readSettings(options.set);
  const request = { type, name: options.name ?? type, settings };
  const added = await (await client()).post('/v1/sinks', addedSinkShape, request);
  if (output.json) return output.value(added);
  await output.lines(`Added sink ${added.id}. It receives the records that are made from now on.`);
}

async function listSinks({ output, client }: Context): Promise<void> {
  const sinks = await (await client()).all('/v1/sinks', sinkShape);
  await output.list(
    sinks,
    [
      { heading: 'ID', value: (sink) => sink.id },
      { heading: 'NAME', value: (sink) => sink.name },
      { heading: 'TYPE', value: (sink) => sink.type },
      { heading: 'FROM', value: (sink) => sink.origin ?? 'unknown' },
      { heading: 'DELIVERED', value: (sink) => sink.delivered },
      { heading: 'WAITING', value: (sink) => sink.waiting },
      { heading: 'DEAD', value: (sink) => sink.dead },
      { heading: 'TROUBLE', value: (sink) => sink.trouble?.message ?? 'none' },
    ],
    'There are no sinks. Add one with: archway sink add filesystem --set directory=…',
  );
}
