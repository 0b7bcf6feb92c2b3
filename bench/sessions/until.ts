import { setTimeout as sleep } from 'node:timers/promises';

const waitMaxMs = 300_000;

/**
 * @param what what is waited for, for the error
 * @throws when it has not come after five minutes
 */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > waitMaxMs) throw new Error(`In vain was waited for ${what}.`);
    await sleep(2);
  }
}
