// Makes dist/ where there is no compiler: the types are taken out and nothing is checked. What runs is the same; declarations
// and source maps are missing.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from 'amaro';

/**
 * @param {string} root the folder of package.json
 * @returns {number} the exit code
 */
export function buildUnchecked(root) {
  const { include: folders } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      if (!/\.ts$/.test(name) || /\.(test|d)\.ts$/.test(name)) continue;
      const { code } = transformSync(readFileSync(join(root, folder, name), 'utf8'), { mode: 'transform' });
      const target = join(root, 'dist', folder, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, code);
    }
  }
  return 0;
}
