import { replayShape } from './shapes.js';
import type { Context } from './shell.js';

/** Puts what ended without success back to work; without ids, all of it. */
export async function replay(
  { output, client }: Context,
  what: 'dead-letters' | 'quarantine',
  ids: readonly string[],
): Promise<void> {
  const request = ids.length === 0 ? {} : { ids };
  const result = await (await client()).post(`/v1/${what}/replay`, replayShape, request);
  if (output.json) return output.value(result);
  await output.lines(`Put back to work: ${result.replayed}.`);
  if (result.replayed < ids.length) {
    await output.note(`Not all of them were waiting for that. See: archway ${what} list`);
  }
}
