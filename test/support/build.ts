import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Compiles once before the suite: the database worker and the process tests run what is shipped. */
export default function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const built = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('The build failed; its errors stand above.');
}
