import type { Command } from 'commander';
import { replay } from './replay.js';
import { quarantinedShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

/** `archway quarantine …` */
export function registerQuarantine(program: Command, shell: Shell): void {
  const family = program.command('quarantine').description('captures that could not be made into records');
  addApiCommand(family, 'list', {
    summary: 'list the captures in quarantine and what to do about each',
    example: 'archway quarantine list',
  }).action(action(shell, listQuarantine));
  addApiCommand(family, 'replay [ids...]', {
    summary: 'read captures again: those named, or all of the instance',
    example: 'archway quarantine replay',
  }).action(action(shell, (context, ids: string[]) => replay(context, 'quarantine', ids)));
}

async function listQuarantine({ output, client }: Context): Promise<void> {
  const captures = await (await client()).all('/v1/quarantine', quarantinedShape);
  if (output.json) return output.value(captures);
  for (const capture of captures) {
    await output.lines(
      `${capture.id}  ${capture.account === null ? 'the gateway itself' : `account ${capture.account}`}, endpoint ${capture.endpoint}, received ${capture.receivedAt}`,
      `  ${capture.reason ?? 'unknown'}, ${capture.attempts} attempts`,
      `  → ${capture.explanation}`,
    );
  }
  if (captures.length === 0) await output.note('The quarantine is empty.');
}
