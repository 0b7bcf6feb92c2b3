import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { isDeepStrictEqual, promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { z } from 'zod';
import { sha256Hex } from '../../core/digest.js';
import { readTar, type TarEntry, TarError } from '../../core/tar.js';
import type { MasterKey } from '../../vault/index.js';
import { sumsLine } from './archive-writer.js';
import {
  BackupError,
  type BackupHead,
  type BackupManifest,
  blobPattern,
  formatName,
  formatVersion,
  headMember,
  headSchema,
  macMember,
  manifestMac,
  manifestMember,
  manifestSchema,
  spoolPattern,
  sumsPattern,
  tablePattern,
} from './format.js';

/** What is done with the parts of a backup, in their order. Nothing of it may be final before `readBackup` resolves. */
export interface BackupVisitor {
  head?(head: BackupHead): Promise<void>;
  rows?(table: string, lines: string[]): Promise<void>;
  spoolFile?(name: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** @param path below the folder of the blobs. */
  blob?(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
}

const decompress = promisify(gunzip);
/** Far beyond what a writer makes; a bound for what a damaged file makes us take into memory. */
const memberMaxBytes = 1024 * 1024 * 1024;

/**
 * Reads a backup from its first byte to its last and checks all of it: that it is complete, that every digest and count is
 * right, and, given the key, that the manifest was made under it.
 *
 * @throws {BackupError} that says what is wrong with the file.
 */
export async function readBackup(
  path: string,
  visitor: BackupVisitor = {},
  masterKey?: MasterKey,
): Promise<BackupManifest> {
  const reading = new Reading(visitor, masterKey);
  return explained(path, async () => {
    for await (const entry of members(path)) await reading.member(entry);
    return reading.end();
  });
}

/** Reads the first member only, which says what a backup is. @throws {BackupError} */
export async function readBackupHead(path: string): Promise<BackupHead> {
  return explained(path, async () => {
    for await (const entry of members(path)) return readHead(entry);
    throw new Unfit('it is empty');
  });
}

function members(path: string): AsyncGenerator<TarEntry, void, undefined> {
  return readTar(createReadStream(path, { highWaterMark: 256 * 1024 }));
}

async function explained<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TarError || error instanceof Unfit) {
      throw new BackupError(
        `The backup ${path} is not usable: ${error.message}. Nothing was taken from it. Copy it again from where it is kept, ` +
          'or use another one.',
        { cause: error },
      );
    }
    const { code, syscall, path: failed } = error as NodeJS.ErrnoException;
    if (failed !== path && !(syscall === 'read' && code === 'EISDIR')) throw error;
    throw new BackupError(
      `The backup ${path} cannot be read (${code}). Name the file that archway backup wrote.`,
      { cause: error },
    );
  }
}

/** Something in the file is not as it must be. */
class Unfit extends Error {}

class Reading {
  readonly #visitor: BackupVisitor;
  readonly #masterKey: MasterKey | undefined;
  #head: BackupHead | undefined;
  #manifest: { value: BackupManifest; bytes: Uint8Array } | undefined;
  #complete = false;
  /** Of the parts since the last list of digests. */
  #unlisted: string[] = [];
  readonly #sums: Record<string, string> = {};
  readonly #tables: Record<string, number> = {};
  #spoolFiles = 0;
  readonly #blobs = { count: 0, byteLength: 0 };

  constructor(visitor: BackupVisitor, masterKey: MasterKey | undefined) {
    this.#visitor = visitor;
    this.#masterKey = masterKey;
  }

  async member(entry: TarEntry): Promise<void> {
    const { name } = entry;
    if (this.#head === undefined) {
      this.#head = await readHead(entry);
      return this.#visitor.head?.(this.#head);
    }
    if (this.#complete) throw new Unfit('something follows its end');
    if (name === macMember) return this.#readMac(entry);
    if (this.#manifest !== undefined) throw new Unfit('something follows its manifest');
    if (name === manifestMember) return this.#readManifest(entry);
    if (sumsPattern.test(name)) return this.#readSums(entry);
    return this.#readPart(entry);
  }

  end(): BackupManifest {
    if (this.#head === undefined) throw new Unfit('it is empty');
    if (this.#manifest === undefined || !this.#complete) {
      throw new Unfit('it has no manifest, so it was not completed');
    }
    return this.#manifest.value;
  }

  async #readPart(entry: TarEntry): Promise<void> {
    const hash = createHash('sha256');
    const content = hashed(entry.content, hash);
    const [, table] = tablePattern.exec(entry.name) ?? [];
    const [, spoolFile] = spoolPattern.exec(entry.name) ?? [];
    const [, blob] = blobPattern.exec(entry.name) ?? [];
    if (table !== undefined) await this.#readRows(table, { ...entry, content });
    else if (spoolFile !== undefined) {
      await (this.#visitor.spoolFile?.(spoolFile, content) ?? drain(content));
      this.#spoolFiles += 1;
    } else if (blob !== undefined) {
      await (this.#visitor.blob?.(blob, content) ?? drain(content));
      this.#blobs.count += 1;
      this.#blobs.byteLength += entry.byteLength;
    } else throw new Unfit('it has a part that this Archway does not know');
    this.#unlisted.push(sumsLine(entry.name, hash.digest('hex')));
  }

  async #readRows(table: string, entry: TarEntry): Promise<void> {
    const bytes = await collect(entry);
    const text = await decompress(bytes, { maxOutputLength: memberMaxBytes }).catch(() => {
      throw new Unfit(`${entry.name} is damaged`);
    });
    const lines = text.toString('utf8').split('\n');
    if (lines.pop() !== '') throw new Unfit(`${entry.name} ends in the middle of a row`);
    this.#tables[table] = (this.#tables[table] ?? 0) + lines.length;
    await this.#visitor.rows?.(table, lines);
  }

  async #readSums(entry: TarEntry): Promise<void> {
    const bytes = await collect(entry);
    const [mine, theirs] = [this.#unlisted, bytes.toString('utf8').split(/(?<=\n)/)];
    const wrong = mine.findIndex((line, index) => line !== theirs[index]);
    if (wrong !== -1)
      throw new Unfit(`${mine[wrong]?.slice(66).trim()} is not as it was written: its digest is another`);
    if (mine.length !== theirs.length) throw new Unfit('a part of it is missing');
    this.#unlisted = [];
    this.#sums[entry.name] = sha256Hex(bytes);
  }

  async #readManifest(entry: TarEntry): Promise<void> {
    const bytes = await collect(entry);
    const manifest = parse(manifestSchema, parseJson(bytes), manifestMember);
    const { id, sums, tables, spoolFiles, blobs } = manifest;
    const counted = Object.fromEntries(Object.keys(tables).map((table) => [table, this.#tables[table] ?? 0]));
    const isWhole =
      this.#unlisted.length === 0 &&
      Object.keys(this.#tables).every((table) => table in tables) &&
      id === this.#head?.id &&
      isDeepStrictEqual(
        { sums, tables, spoolFiles, blobs },
        { sums: this.#sums, tables: counted, spoolFiles: this.#spoolFiles, blobs: this.#blobs },
      );
    if (!isWhole) throw new Unfit('its parts are not those that its manifest counts');
    this.#manifest = { value: manifest, bytes };
  }

  async #readMac(entry: TarEntry): Promise<void> {
    if (this.#manifest === undefined) throw new Unfit('its manifest is missing');
    const given = Buffer.from((await collect(entry)).toString('latin1').trim(), 'latin1');
    if (this.#masterKey !== undefined) {
      const right = Buffer.from(manifestMac(this.#masterKey, this.#manifest.bytes), 'latin1');
      if (given.length !== right.length || !timingSafeEqual(given, right)) {
        throw new Unfit('its manifest was not made under this master key, or was changed since');
      }
    }
    this.#complete = true;
  }
}

async function readHead(entry: TarEntry): Promise<BackupHead> {
  if (entry.name !== headMember) {
    throw new Unfit(`it does not begin with ${headMember}, so it is no backup of Archway`);
  }
  const given = parseJson(await collect(entry));
  const { format, formatVersion: version } = (given ?? {}) as { format?: unknown; formatVersion?: unknown };
  if (format === formatName && typeof version === 'number' && version > formatVersion) {
    throw new Unfit(
      `it has format ${version}, and this Archway knows up to ${formatVersion}, so a newer Archway must restore it`,
    );
  }
  return parse(headSchema, given, headMember);
}

async function* hashed(
  content: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _piece of content);
}

async function collect({ name, byteLength, content }: TarEntry): Promise<Buffer> {
  if (byteLength > memberMaxBytes) throw new Unfit(`${name} is longer than any that Archway writes`);
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw new Unfit(`${name} is damaged`);
  return result.data;
}
