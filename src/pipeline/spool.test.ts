import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../core/ids.js';
import type { CaptureRow } from '../db/inbox.js';
import { Spool, SpoolFullError, SpoolUnusableError } from './spool.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archway-spool-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true, force: true });
});

const openSpool = (freeMinBytes = 0) => Spool.open({ directory, freeMinBytes });
const only = async () => join(directory, (await readdir(directory))[0] as string);

function row(sealed: Uint8Array = Buffer.from('sealed \n bytes')): CaptureRow {
  const receivedAt = '2026-11-23T09:30:00.000Z';
  const ids = { id: newId(), instanceId: newId(), accountId: newId() };
  return { ...ids, endpoint: 'messages', provenance: 'webhook', receivedAt, sealed };
}

const plain = (rows: readonly CaptureRow[]) =>
  rows.map((each) => ({ ...each, sealed: Buffer.from(each.sealed) }));

/** Reads everything, as the drain does; returns the rows and how many files were damaged. */
async function drain(spool: Spool): Promise<{ rows: CaptureRow[]; damaged: number }> {
  const rows: CaptureRow[] = [];
  let damaged = 0;
  for (;;) {
    const file = await spool.readOldest();
    if (file === undefined) return { rows: plain(rows), damaged };
    rows.push(...file.rows);
    damaged += Number(file.damaged);
    await spool.finish(file, { setAside: file.damaged });
  }
}

describe('Spool', () => {
  it('gives back what it took, in order, and is empty then', async () => {
    const spool = await openSpool();
    const rows = Array.from({ length: 20 }, (_, index) => row(Buffer.alloc(index * 100, index)));
    for (const each of rows.slice(0, 10)) await spool.append([each]);
    await spool.append(rows.slice(10));
    expect(spool.isEmpty).toBe(false);
    expect(await drain(spool)).toEqual({ rows: plain(rows), damaged: 0 });
    expect(spool.isEmpty).toBe(true);
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes more while its oldest file is read', async () => {
    const spool = await openSpool();
    const [one, two, three] = [row(), row(), row()];
    await spool.append([one!]);
    const file = await spool.readOldest();
    await spool.append([two!]);
    await spool.finish(file!, { setAside: false });
    await spool.append([three!]);
    expect((await drain(spool)).rows).toEqual(plain([two!, three!]));
  });

  it('has everything after a crash, and goes on in another file', async () => {
    const before = await openSpool();
    const [one, two] = [row(), row()];
    await before.append([one!]);
    const after = await openSpool();
    await after.append([two!]);
    expect(await drain(after)).toEqual({ rows: plain([one!, two!]), damaged: 0 });
    await before.close();
  });

  it('keeps its files to its owner', async () => {
    const spool = await Spool.open({ directory: join(directory, 'new'), freeMinBytes: 0 });
    await spool.append([row()]);
    expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700);
    const [name] = await readdir(join(directory, 'new'));
    expect((await stat(join(directory, 'new', name!))).mode & 0o777).toBe(0o600);
    await spool.close();
  });

  it('says what to do when its directory cannot be used', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const opening = Spool.open({ directory: join(file, 'spool'), freeMinBytes: 0 });
    await expect(opening).rejects.toThrow(SpoolUnusableError);
    await expect(opening).rejects.toThrow(/make it writable, or set ARCHWAY_SPOOL_DIR/);
  });

  it('takes nothing when the disk would get too full', async () => {
    const spool = await openSpool(Number.MAX_SAFE_INTEGER);
    await expect(spool.append([row()])).rejects.toThrow(SpoolFullError);
    expect(spool.isEmpty).toBe(true);
  });
});

describe('a spool file that was cut off at any byte', () => {
  it('gives every capture that was synced before, and never garbage', async () => {
    const sealed = fc.uint8Array({ minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(sealed, { minLength: 1, maxLength: 6 }), fc.nat(), async (payloads, cut) => {
        await rm(directory, { recursive: true, force: true });
        const spool = await openSpool();
        const rows = payloads.map((payload) => row(payload));
        const ends: number[] = [];
        for (const each of rows) {
          await spool.append([each]);
          ends.push((await stat(await only())).size);
        }
        await spool.close();
        const length = cut % ((ends.at(-1) as number) + 1);
        await truncate(await only(), length);

        const whole = rows.filter((_, index) => (ends[index] as number) <= length);
        expect(await drain(await openSpool())).toEqual({ rows: plain(whole), damaged: 0 });
      }),
      { numRuns: 150 },
    );
  });

  it('and filled with zeros by a loss of power is as good', async () => {
    const spool = await openSpool();
    const one = row();
    await spool.append([one]);
    await spool.close();
    const path = await only();
    await truncate(path, (await stat(path)).size + 4_096);
    expect(await drain(await openSpool())).toEqual({ rows: plain([one]), damaged: 0 });
  });
});

describe('a spool file that was damaged at any bit', () => {
  it('gives the captures before the damage and is never taken for whole', async () => {
    const spool = await openSpool();
    const rows = [row(), row(), row()];
    const ends: number[] = [];
    for (const each of rows) {
      await spool.append([each]);
      ends.push((await stat(await only())).size);
    }
    await spool.close();
    const original = await readFile(await only());
    for (let byte = 0; byte < original.length; byte += 1) {
      const damaged = Buffer.from(original);
      damaged[byte] = (damaged[byte] as number) ^ (1 << (byte % 8));
      await rm(directory, { recursive: true });
      const reopened = await openSpool();
      await writeFile(join(directory, '000000000001.spool'), damaged);
      const file = await (await openSpool()).readOldest();
      const before = rows.filter((_, index) => (ends[index] as number) <= byte);
      expect({ byte, rows: plain(file!.rows), damaged: file!.damaged }).toEqual({
        byte,
        rows: plain(before),
        damaged: true,
      });
      await reopened.close();
    }
  });

  it('is set aside, and no later one takes its place', async () => {
    const spool = await openSpool();
    for (const text of ['first', 'second']) {
      await spool.append([row(Buffer.from(text))]);
      const file = await spool.readOldest();
      await spool.finish(file!, { setAside: true });
    }
    const reopened = await openSpool();
    await reopened.append([row(Buffer.from('third'))]);
    await reopened.finish((await reopened.readOldest())!, { setAside: true });
    const names = await readdir(directory);
    const texts = await Promise.all(names.sort().map((name) => readFile(join(directory, name), 'latin1')));
    expect(names.every((name) => name.endsWith('.damaged'))).toBe(true);
    expect(texts.map((text) => /first|second|third/.exec(text)?.[0])).toEqual(['first', 'second', 'third']);
  });
});

describe('a disk that fills up in the middle of a write', () => {
  type Write = (bytes: Buffer, from: number, length: number, at: number) => Promise<{ bytesWritten: number }>;

  /** What every file handle is made of, for a test to change. */
  async function handles(): Promise<{ write: Write; datasync: () => Promise<void> }> {
    const probe = await open(join(directory, 'probe'), 'w');
    const prototype: unknown = Object.getPrototypeOf(probe);
    await probe.close();
    await rm(join(directory, 'probe'));
    return prototype as { write: Write; datasync: () => Promise<void> };
  }

  const full = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

  it('and takes a part of it only: nothing is acknowledged, and what was before is kept', async () => {
    const spool = await openSpool();
    const [one, two, three] = [row(), row(), row()];
    await spool.append([one!]);
    const prototype = await handles();
    const write = prototype.write;
    let writes = 0;
    vi.spyOn(prototype, 'write').mockImplementation(function (this: unknown, bytes, from, _, at) {
      writes += 1;
      return writes > 1 ? Promise.reject(full()) : write.call(this, bytes, from, 10, at);
    });
    await expect(spool.append([two!])).rejects.toThrow(SpoolFullError);
    vi.restoreAllMocks();

    await spool.append([three!]);
    expect(await drain(spool)).toEqual({ rows: plain([one!, three!]), damaged: 0 });
  });

  it('or takes it in pieces: everything is there', async () => {
    const spool = await openSpool();
    const prototype = await handles();
    const write = prototype.write;
    vi.spyOn(prototype, 'write').mockImplementation(function (this: unknown, bytes, from, length, at) {
      return write.call(this, bytes, from, Math.min(length, 7), at);
    });
    const one = row();
    await spool.append([one]);
    vi.restoreAllMocks();
    expect(await drain(spool)).toEqual({ rows: plain([one]), damaged: 0 });
  });

  it('or cannot sync it: nothing is acknowledged', async () => {
    const spool = await openSpool();
    const [one, two] = [row(), row()];
    await spool.append([one!]);
    vi.spyOn(await handles(), 'datasync').mockRejectedValueOnce(full());
    await expect(spool.append([two!])).rejects.toThrow(SpoolFullError);
    expect(await drain(spool)).toEqual({ rows: plain([one!]), damaged: 0 });
  });
});
