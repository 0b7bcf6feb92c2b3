import type { AdminOptions } from './options.js';

/**
 * Lets this process use what was just committed. When that fails the addition stands all the same, and the settings are
 * read again within seconds: an error would only make the caller add it twice.
 */
export async function takeOver({ refresh, log }: AdminOptions): Promise<void> {
  try {
    await refresh();
  } catch (error) {
    log.warn({ error }, 'What was added could not be taken over yet; it will be shortly.');
  }
}
