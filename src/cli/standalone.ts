import type { Command } from 'commander';
import { variablesSchema } from '../config/variables.js';
import { action, addCommand, type Context, instanceOption, jsonOption, type Shell } from './shell.js';

/**
 * The commands that need no server. Their code is loaded when they run: it brings the database and the pipeline with it,
 * and `archway messages` should not wait for those.
 */
export function registerStandalone(program: Command, shell: Shell): void {
  addCommand(program, 'serve', {
    summary: 'run the gateway until SIGTERM or SIGINT',
    example: 'ARCHWAY_PUBLIC_URL=https://archway.example.com archway serve',
    notes: variableHelp(),
  }).action(action(shell, async ({ config }) => (await import('./serve.js')).serve(config())));
  addCommand(program, 'migrate', {
    summary: 'bring the database up to this version without serving; `serve` does so by itself',
    example: 'DATABASE_URL=postgres://owner@db.example.com/archway archway migrate',
  }).action(action(shell, async ({ config }) => (await import('./migrate.js')).migrate(config())));
  addCommand(program, 'demo', {
    summary: 'show the way of a day of messages, from signed webhooks to the archive, in under a minute',
    example: 'archway demo',
  }).action(action(shell, async ({ io }) => (await import('./demo.js')).demo(io)));
  addCommand(program, 'doctor', {
    summary: 'check this set-up and say what to do about what is wrong; works without a server',
    example: 'archway doctor',
    notes:
      'Run it on the machine of the gateway, as its user, with its environment. While no server runs it opens the embedded\n' +
      'database itself. Ends with 6 when a check fails; warnings alone are fine.',
  })
    .addOption(jsonOption())
    .addOption(instanceOption())
    .action(action(shell, runDoctor));
}

async function runDoctor(context: Context): Promise<number> {
  const { doctor } = await import('./doctor.js');
  return doctor(context);
}

function variableHelp(): string {
  const lines = Object.entries(variablesSchema.shape).map(([name, field]) => {
    const { success, data } = field.safeParse(undefined);
    const fallback = success && data !== undefined ? ` (default: ${data})` : '';
    return `  ${name.padEnd(26)}${field.description ?? ''}${fallback}`;
  });
  return ['Environment:', ...lines].join('\n');
}
