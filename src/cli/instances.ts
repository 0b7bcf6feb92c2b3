import type { Command } from 'commander';
import { instanceShape } from './shapes.js';
import { action, addCommand, type Context, jsonOption, type Shell } from './shell.js';

/** `archway instance …` These commands are about instances, so they take none by `--instance`. */
export function registerInstances(program: Command, shell: Shell): void {
  const family = program
    .command('instance')
    .description('tenancies, each with its own key, journal and sinks');
  addCommand(family, 'add <name>', {
    summary: 'add an instance; name it with --instance in other commands',
    example: 'archway instance add north-branch',
  })
    .addOption(jsonOption())
    .action(action(shell, addInstance));
  addCommand(family, 'list', { summary: 'list the instances', example: 'archway instance list' })
    .addOption(jsonOption())
    .action(action(shell, listInstances));
}

async function addInstance({ output, client }: Context, name: string): Promise<void> {
  const added = await (await client()).post('/v1/instances', instanceShape, { name });
  if (output.json) return output.value(added);
  await output.lines(
    `Added instance ${added.name} (${added.id}). It has no sink yet: archway sink add … --instance ${added.name}`,
  );
}

async function listInstances({ output, client }: Context): Promise<void> {
  const instances = await (await client()).all('/v1/instances', instanceShape);
  await output.list(
    instances,
    [
      { heading: 'ID', value: (instance) => instance.id },
      { heading: 'NAME', value: (instance) => instance.name },
    ],
    'There are no instances that this key may see.',
  );
}
