import type { Command } from 'commander';
import { registerPluginCommands } from './plugin-commands.js';
import { connectorShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

/** `archway connector …` */
export function registerConnectors(program: Command, shell: Shell): void {
  const family = program.command('connector').description('plugins for providers');
  addApiCommand(family, 'list', {
    summary: 'list the connectors: what they capture and what they can never see',
    example: 'archway connector list',
    notes:
      'With --json also their settings (JSON Schema), the names of their secrets and their webhook endpoints.',
  }).action(action(shell, listConnectors));
  registerPluginCommands(family, 'connector', shell);
}

async function listConnectors({ output, client }: Context): Promise<void> {
  const connectors = await (await client()).all('/v1/connectors', connectorShape);
  if (output.json) return output.value(connectors);
  for (const { id, title, version, origin, capabilities, endpoints } of connectors) {
    await output.lines(
      `${id}  ${title}, parser version ${version}`,
      `  from      ${origin}`,
      `  captures  ${capabilities.events.join(', ')}`,
      ...endpoints.map(({ name, purpose }) => `  webhook   ${name}: ${purpose}`),
      ...capabilities.blindSpots.map((blindSpot) => `  blind to  ${blindSpot}`),
      '',
    );
  }
  if (connectors.length === 0) await output.note('No connectors are installed.');
}
