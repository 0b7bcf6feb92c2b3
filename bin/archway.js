#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

// Threads that wait for the disk: an archive syncs each file, and syncs that run at once share the disk's work. Node reads this
// when its first file is read by them, which the loader of ES modules does; so this file is a CommonJS module.
process.env.UV_THREADPOOL_SIZE ??= '16';

const program = join(__dirname, '../dist/src/cli/main.js');

async function main() {
  const { run } = await import(pathToFileURL(program).href);
  // Not process.exit(): what is still being written to a pipe would be cut off.
  process.exitCode = await run(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
}

if (existsSync(program)) {
  main();
} else {
  process.stderr.write('Archway is not built yet: run "npm run build" in its folder, then try again.\n');
  process.exitCode = 1;
}
