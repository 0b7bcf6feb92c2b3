import { createRequire } from 'node:module';

/** Version of this installation, such as `0.1.0`. */
export const archwayVersion = (createRequire(import.meta.url)('archway/package.json') as { version: string })
  .version;
