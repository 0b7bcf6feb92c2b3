import { createHash } from 'node:crypto';
import { sha256Hex } from '../../core/digest.js';
import { tarEnd, tarHeader, tarPadding } from '../../core/tar.js';
import { partsPerSums, sumsMember } from './format.js';

/** Takes the next bytes of the archive; resolves when it can take more. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/** Writes the members of a backup and keeps the lists of their digests. */
export class ArchiveWriter {
  /** SHA-256 of each list of digests that was written. */
  readonly sums: Record<string, string> = {};
  readonly #write: Write;
  readonly #changedAt: Date;
  #lines: string[] = [];

  constructor(write: Write, changedAt: Date) {
    this.#write = write;
    this.#changedAt = changedAt;
  }

  /** A member that no list covers. */
  async addPlain(name: string, bytes: Uint8Array): Promise<void> {
    await this.#header(name, bytes.length);
    await this.#write(bytes);
    await this.#write(tarPadding(bytes.length));
  }

  async addPart(name: string, bytes: Uint8Array): Promise<void> {
    await this.addPlain(name, bytes);
    await this.#note(name, sha256Hex(bytes));
  }

  /** A part that is read while it is written; the content MUST have the length given. */
  async addStream(name: string, byteLength: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#header(name, byteLength);
    const hash = createHash('sha256');
    let written = 0;
    for await (const piece of content) {
      hash.update(piece);
      await this.#write(piece);
      written += piece.length;
    }
    if (written !== byteLength)
      throw new Error(`${name} has ${written} bytes, and ${byteLength} were expected.`);
    await this.#write(tarPadding(byteLength));
    await this.#note(name, hash.digest('hex'));
  }

  /** Writes the list of the digests that none covers yet. */
  async flushSums(): Promise<void> {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.from(this.#lines.join(''), 'utf8');
    this.#lines = [];
    const name = sumsMember(Object.keys(this.sums).length + 1);
    this.sums[name] = sha256Hex(bytes);
    await this.addPlain(name, bytes);
  }

  async end(): Promise<void> {
    await this.#write(tarEnd());
  }

  async #header(name: string, byteLength: number): Promise<void> {
    await this.#write(tarHeader({ name, byteLength, changedAt: this.#changedAt }));
  }

  async #note(name: string, sha256: string): Promise<void> {
    this.#lines.push(sumsLine(name, sha256));
    if (this.#lines.length >= partsPerSums) await this.flushSums();
  }
}

/** As `sha256sum` writes and checks them. */
export function sumsLine(name: string, sha256: string): string {
  return `${sha256}  ${name}\n`;
}
