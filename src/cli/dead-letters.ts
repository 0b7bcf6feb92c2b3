import type { Command } from 'commander';
import { replay } from './replay.js';
import { deadLetterShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

/** `archway dead-letters …` */
export function registerDeadLetters(program: Command, shell: Shell): void {
  const family = program
    .command('dead-letters')
    .description('deliveries to a sink that ended without success');
  addApiCommand(family, 'list', {
    summary: 'list the dead letters and what to do about each',
    example: 'archway dead-letters list',
  }).action(action(shell, listDeadLetters));
  addApiCommand(family, 'replay [ids...]', {
    summary: 'try dead letters again: those named, or all of the instance',
    example: 'archway dead-letters replay',
  }).action(action(shell, (context, ids: string[]) => replay(context, 'dead-letters', ids)));
}

async function listDeadLetters({ output, client }: Context): Promise<void> {
  const letters = await (await client()).all('/v1/dead-letters', deadLetterShape);
  if (output.json) return output.value(letters);
  for (const letter of letters) {
    await output.lines(
      `${letter.id}  record ${letter.record}, sink ${letter.sink}, given up at ${letter.changedAt} after ${letter.attempts} attempts`,
      `  ${letter.failureKind ?? 'unknown'}: ${letter.failure ?? ''}`,
      `  → ${letter.explanation ?? 'find out from the failure why, then replay it'}`,
    );
  }
  if (letters.length === 0) await output.note('There are no dead letters.');
}
