import { spawnSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { skip } from '../../crash/support/databases.js';

/** A disk of so many megabytes, for its owner alone. What may skip a test comes before what it would have to clean up. */
export async function smallDisk(context: TestContext, megabytes: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'archway-small-disk-'));
  const options = `size=${megabytes}m,mode=0700`;
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  if (mount.status !== 0) {
    await rmdir(directory);
    return skip(context, 'a small tmpfs cannot be mounted here, which needs root');
  }
  onTestFinished(async () => {
    spawnSync('umount', ['-l', directory]);
    await rmdir(directory);
  });
  return directory;
}
