import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evidence } from 'archway/sdk';
import type { SinkSubject } from 'archway/testkit';
import filesystem from './index.js';
import { attachmentPlaceOf } from './layout.js';

/** The filesystem sink over a fresh directory, for the conformance rules. */
export const subject: SinkSubject = {
  sink: filesystem,
  async prepare() {
    const base = await mkdtemp(join(tmpdir(), 'archway-archive-'));
    const directory = join(base, 'archive');
    const pathOf = (evidence: Evidence) => join(directory, evidence.locator);
    const file = join(base, 'a-file');
    await writeFile(file, 'not a directory');
    return {
      settings: { directory },
      unusable: [{ directory: file }, { directory: join(file, 'below') }],
      read: (evidence) => readFile(pathOf(evidence)),
      async readAttachment({ locator }, { sha256 }) {
        const [instance = ''] = locator.split('/');
        return readFile(join(directory, attachmentPlaceOf(instance, sha256).locator));
      },
      count: async () => (await filesIn(directory)).length,
      async tamper(evidence) {
        // The owner can take the write protection off, which is why the sink does not claim immutability.
        await chmod(pathOf(evidence), 0o644);
        await writeFile(pathOf(evidence), (await readFile(pathOf(evidence), 'utf8')).replace('sms', 'mms'));
      },
      remove: (evidence) => rm(pathOf(evidence)),
      [Symbol.asyncDispose]: () => rm(base, { recursive: true }),
    };
  },
};

/** Paths of everything in a directory that is no directory, leftovers included. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
