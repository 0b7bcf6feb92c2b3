import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digested } from './digest.js';
import { choosePublishing, discard, publishers, publishersAtOnce, stage, stageAtOnce } from './write-once.js';

let folder: string;
let name: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archway-write-once-'));
  name = join(folder, 'kept.json');
});

afterEach(() => rm(folder, { recursive: true }));

async function* inPieces(text: string) {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += 2) yield bytes.subarray(start, start + 2);
}

describe.each([
  { how: 'by link', at: 'once', publish: publishersAtOnce['by link'] },
  { how: 'by link', at: 'its time', publish: publishers['by link'] },
  { how: 'by reservation, without hard links', at: 'once', publish: publishersAtOnce['by reservation'] },
  { how: 'by reservation, without hard links', at: 'its time', publish: publishers['by reservation'] },
])('publishing $how, at $at', ({ at, publish }) => {
  /** Stages and publishes as the sink does, staged file and all. */
  async function keep(text: string) {
    const bytes = Buffer.from(text);
    const staged = await (at === 'once' ? stageAtOnce(folder, bytes) : stage(folder, inPieces(text)));
    try {
      return await publish(staged, name, () => digested(bytes));
    } finally {
      await discard(staged);
    }
  }

  test('leaves one read-only file with the bytes, and nothing beside it', async () => {
    expect(await keep('one')).toBe('new');
    expect(await readFile(name, 'utf8')).toBe('one');
    expect((await stat(name)).mode & 0o222).toBe(0);
    expect(await readdir(folder)).toEqual(['kept.json']);
  });

  test('finds the same bytes there, and never replaces others', async () => {
    await keep('one');
    expect(await keep('one')).toBe('same');
    expect(await keep('two')).toBe('other');
    expect(await keep('another length')).toBe('other');
    expect(await readFile(name, 'utf8')).toBe('one');
  });

  test('lets one of sixteen win, whose bytes stay', async () => {
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, index) => keep(`writer ${index}`)));
    expect(outcomes.filter((outcome) => outcome === 'new')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'other')).toHaveLength(15);
    expect(await readFile(name, 'utf8')).toBe(`writer ${outcomes.indexOf('new')}`);
  });

  test('does not follow a symbolic link that lies under the name', async () => {
    const elsewhere = join(folder, 'elsewhere');
    await writeFile(elsewhere, 'one');
    await symlink(elsewhere, name);
    expect(await keep('one')).toBe('other');
    expect(await readFile(elsewhere, 'utf8')).toBe('one');
  });
});

test('an empty file that a dead process reserved is taken over', async () => {
  await writeFile(name, '');
  const bytes = Buffer.from('one');
  const staged = await stageAtOnce(folder, bytes);
  expect(await publishers['by reservation'](staged, name, () => digested(bytes))).toBe('new');
  expect(await readFile(name, 'utf8')).toBe('one');
});

test('trying out the file system leaves nothing behind', async () => {
  expect(await choosePublishing(folder)).toBe('by link');
  expect(await readdir(folder)).toEqual([]);
});
