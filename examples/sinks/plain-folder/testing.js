import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sink from './index.js';

/** What the test kit puts its rules to. */
export const subject = {
  sink,
  async prepare() {
    const directory = await mkdtemp(join(tmpdir(), 'plain-folder-'));
    const pathOf = ({ locator }) => join(directory, locator);
    return {
      settings: { directory },
      unusable: [{ directory: join(directory, 'not-there') }],
      read: (evidence) => readFile(pathOf(evidence)),
      count: async () => (await readdir(directory)).length,
      tamper: async (evidence) => writeFile(pathOf(evidence), '{}'),
      remove: (evidence) => rm(pathOf(evidence)),
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
  },
};
