import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDirectoryBlobStore } from './directory-blob-store.js';
import { vaultOf } from './testing.js';

/** What a process of its own shows: what is left when it is killed, what it takes, and what it does at a limit. */

const built = new URL('../../../dist/src/vault/blob/', import.meta.url).href;
const prelude = `
  import { openDirectoryBlobStore } from '${built}index.js';
  import { contentOf, inPieces, vaultOf } from '${built}testing.js';
  const store = await openDirectoryBlobStore(process.argv[1], vaultOf('instance-1'));
  const limits = { lengthMaxBytes: 1e9 };
`;
const vault = vaultOf('instance-1');

let directory: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'archway-blobs-')), 'blobs');
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(dirname(directory), { recursive: true });
});

function startNode(script: string, { nodeOptions = [] as string[], shellPrefix = '' } = {}) {
  const nodeArguments = [...nodeOptions, '--input-type=module', '-e', `${prelude}${script}`, directory];
  const shell = ['-c', `${shellPrefix} exec "$0" "$@"`, process.execPath, ...nodeArguments];
  const started = spawn('sh', shell, { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  return started;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

const draftsFolder = () => join(directory, 'instance-1', 'drafts');

test('killed in the middle of a put: no blob is visible, and the next start sweeps what is left', async () => {
  const killed = startNode(`
    async function* source() {
      for (let index = 0; index < 48; index++) yield Buffer.alloc(65536, 'meet me at the bridge');
      process.stdout.write('halfway');
      await new Promise(() => setInterval(() => {}, 1000));
    }
    await store.put(source(), limits);
  `);
  await once(killed.stdout, 'data');
  await openDirectoryBlobStore(directory, vault);
  const [draft, ...others] = await filesIn(directory);
  expect(dirname(draft!), 'a live draft is not swept by another process').toBe(draftsFolder());
  expect(others).toEqual([]);
  expect((await readFile(draft!)).includes('bridge')).toBe(false);

  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(await filesIn(directory)).toEqual([draft]);
  await openDirectoryBlobStore(directory, vault);
  expect(await filesIn(directory)).toEqual([]);
});

test.each([1, 7, 30])(
  'killed after %i answers: what was answered is there, what is visible is whole',
  async (answers) => {
    const killed = startNode(`
    for (let index = 0; ; index++) {
      const { id } = await store.put(inPieces(contentOf(150_000 + index), 30_000), limits);
      process.stdout.write(id + '\\n');
    }
  `);
    const answered: string[] = [];
    for await (const line of createInterface(killed.stdout)) {
      answered.push(line);
      if (answered.length === answers) killed.kill('SIGKILL');
    }
    const store = await openDirectoryBlobStore(directory, vault);
    const visible = (await filesIn(directory)).map((path) => basename(path));
    // The last line may have been cut by the kill.
    const whole = answered.filter((id) => id.length === 64);
    expect(whole.length).toBeGreaterThanOrEqual(answers);
    expect(visible).toEqual(expect.arrayContaining(whole));
    for (const id of visible) {
      const digest = vault.objectDigest();
      for await (const piece of store.open(id)) digest.update(piece);
      expect(digest.digest('hex')).toBe(id);
    }
  },
);

test('100 MB in and out: memory grows by less than 30 MB', async ({ annotate }) => {
  // Chunks that were used stay in memory until V8 next collects its youngest generation. Kept small, that happens often,
  // and what is measured is what the store holds, not how long V8 waits.
  const nodeOptions = ['--max-semi-space-size=1'];
  const measured = startNode(
    `
    const megabyte = 1024 * 1024;
    let peak = 0;
    async function* watched(source) {
      for await (const piece of source) {
        peak = Math.max(peak, process.memoryUsage.rss());
        yield piece;
      }
    }
    async function* content(length) {
      const piece = Buffer.alloc(65536);
      for (let index = 0; index < length / piece.length; index++) {
        piece.writeUInt32BE(index);
        yield piece;
      }
    }
    async function inAndOut(length) {
      const { id } = await store.put(watched(content(length)), limits);
      let read = 0;
      for await (const piece of watched(store.open(id))) read += piece.length;
      return read;
    }
    // A first run fills what any run fills: compiled code, and the youngest generation of the heap.
    await inAndOut(10 * megabyte);
    const before = process.memoryUsage.rss();
    peak = before;
    const read = await inAndOut(100 * megabyte);
    process.stdout.write(JSON.stringify({ read, grown: peak - before }));
    `,
    { nodeOptions },
  );
  const { read, grown } = JSON.parse(await text(measured.stdout)) as { read: number; grown: number };
  await annotate(`memory grew by ${(grown / 1e6).toFixed(1)} MB`);
  expect(read).toBe(100 * 1024 * 1024);
  expect(grown).toBeLessThan(30_000_000);
});

test('refused by the file system in the middle of a put: says so, and leaves nothing', async () => {
  // The system's limit on the length of a file stands in for a full disk: it strikes at the same write.
  const limited = startNode(
    `
      const failure = await store.put(inPieces(contentOf(3_000_000), 65536), limits).catch((error) => error);
      process.stdout.write(JSON.stringify({ name: failure.name, code: failure.code, message: failure.message }));
    `,
    { shellPrefix: 'ulimit -f 1000;' },
  );
  expect(JSON.parse(await text(limited.stdout))).toMatchObject({
    name: 'BlobStorageError',
    code: 'EFBIG',
    message: expect.stringContaining(directory),
  });
  expect(await filesIn(directory)).toEqual([]);
});
