#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/src/cli/main.js', import.meta.url);

if (existsSync(fileURLToPath(program))) {
  const { run } = await import(program.href);
  // Not process.exit(): what is still being written to a pipe would be cut off.
  process.exitCode = await run(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  });
} else {
  process.stderr.write('Archway is not built yet: run "npm run build" in its folder, then try again.\n');
  process.exitCode = 1;
}
