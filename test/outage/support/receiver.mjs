// A receiver for the webhook sink, as a process of its own that can be killed at any moment. Keeps each key once, in a file
// that it syncs item by item, so that a kill leaves the first part of a batch. How it behaves stands in mode.json, which is
// read at each request: {"kind": "takes" | "fails" | "rejects" | "hangs" | "is-slow", "oneIn": n, "delayMs": n, "seed": n}.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [directory, port] = process.argv.slice(2);
const file = join(directory, 'kept.jsonl');
const kept = new Map();
const tried = new Set();
let length = 0;
if (existsSync(file)) {
  const bytes = readFileSync(file);
  // A line that the kill cut short was not kept.
  length = bytes.lastIndexOf('\n') + 1;
  for (const line of bytes.subarray(0, length).toString('utf8').split('\n')) {
    if (line !== '') kept.set(JSON.parse(line).key, JSON.parse(line).envelope);
  }
}
const handle = openSync(file, existsSync(file) ? 'r+' : 'w');

function keep(item) {
  const earlier = kept.get(item.key);
  if (earlier !== undefined) return earlier === item.envelope;
  const line = Buffer.from(`${JSON.stringify(item)}\n`);
  writeSync(handle, line, 0, line.length, length);
  fdatasyncSync(handle);
  length += line.length;
  kept.set(item.key, item.envelope);
  return true;
}

/** Whether the lot falls on this key: always the same for the same seed. */
function isChosen({ key }, { oneIn, seed }) {
  return createHash('sha256').update(`${seed}/${key}`).digest().readUInt32BE(0) % oneIn === 0;
}

async function answer(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const mode = JSON.parse(readFileSync(join(directory, 'mode.json'), 'utf8'));
  if (mode.kind === 'hangs') return undefined;
  if (mode.kind === 'is-slow') await sleep(mode.delayMs);
  if (mode.kind === 'rejects' && data.some((item) => isChosen(item, mode))) return 422;
  for (const item of data) {
    if (mode.kind === 'fails' && isChosen(item, mode) && !tried.has(item.key)) {
      tried.add(item.key);
      return 503;
    }
    if (!keep(item)) return 409;
  }
  return 204;
}

const server = createServer((request, response) => {
  answer(request).then(
    (status) => {
      if (status !== undefined) response.writeHead(status).end();
    },
    () => response.destroy(),
  );
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.once('exit', () => closeSync(handle));
