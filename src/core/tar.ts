/**
 * Archives in the POSIX tar format ("ustar"), plain files only: written and read as a stream, so that neither side holds more
 * than a piece of them. Any `tar` reads what is written here.
 */

const blockLength = 512;
const nameLengthMax = 100;
const prefixLengthMax = 155;
/** Beyond eleven octal digits a size is written in base 256, as all common programs read it. */
const octalSizeMax = 8 ** 11;

export interface TarEntry {
  readonly name: string;
  readonly byteLength: number;
  /** Must be read to its end, or left alone, before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** The archive is cut off, damaged, or none at all. */
export class TarError extends Error {
  override readonly name = 'TarError';
}

/** What stands before the content of a file. */
export function tarHeader(file: { name: string; byteLength: number; changedAt: Date }): Uint8Array {
  const header = Buffer.alloc(blockLength);
  const { prefix, name } = splitName(file.name);
  header.write(name, 0, 'utf8');
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  writeSize(header, file.byteLength);
  header.write(`${octal(Math.floor(file.changedAt.getTime() / 1000), 11)}\0`, 136);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(prefix, 345, 'utf8');
  header.write(`${octal(checksum(header), 6)}\0 `, 148);
  return header;
}

/** What stands behind the content of a file: zeros up to a whole block. */
export function tarPadding(byteLength: number): Uint8Array {
  return new Uint8Array((blockLength - (byteLength % blockLength)) % blockLength);
}

/** What stands behind the last file. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * blockLength);
}

/** @throws {TarError} when the archive ends early or is damaged. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  const input = new Input(source);
  try {
    for (;;) {
      const header = await input.take(blockLength);
      if (header.every((byte) => byte === 0)) return;
      const { name, byteLength } = readHeader(header);
      const content = input.limited(byteLength);
      yield { name, byteLength, content };
      for await (const _piece of content);
      await input.take(tarPadding(byteLength).length);
    }
  } finally {
    await input.close();
  }
}

function readHeader(header: Buffer): { name: string; byteLength: number } {
  const stored = Number.parseInt(header.toString('latin1', 148, 156), 8);
  header.fill(' ', 148, 156);
  const isPlainFile = header[156] === 0x30 && header.toString('latin1', 257, 262) === 'ustar';
  if (stored !== checksum(header, false) || !isPlainFile) {
    throw new TarError('a header in it is damaged, or is not of a plain file');
  }
  const name = readText(header, 0, nameLengthMax);
  const prefix = readText(header, 345, prefixLengthMax);
  const byteLength =
    header[124] === 0x80
      ? Number(header.readBigUInt64BE(128))
      : Number.parseInt(header.toString('latin1', 124, 136), 8);
  if (!Number.isSafeInteger(byteLength)) throw new TarError('a size in it is damaged');
  return { name: prefix === '' ? name : `${prefix}/${name}`, byteLength };
}

/** Bytes from a source of pieces, as many at a time as are asked for. */
class Input {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  async take(byteLength: number): Promise<Buffer> {
    const taken: Uint8Array[] = [];
    for await (const piece of this.limited(byteLength)) taken.push(piece);
    return Buffer.concat(taken);
  }

  /** The next bytes in pieces; asked for again, it goes on where it was left. */
  limited(byteLength: number): AsyncIterable<Uint8Array> {
    let left = byteLength;
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      if (left === 0) return { done: true, value: undefined };
      if (this.#piece.length === 0) await this.#refill();
      const value = this.#piece.subarray(0, left);
      this.#piece = this.#piece.subarray(value.length);
      left -= value.length;
      return { done: false, value };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #refill(): Promise<void> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done === true) throw new TarError('it ends in the middle');
      this.#piece = value;
    }
  }
}

function splitName(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= nameLengthMax) return { prefix: '', name: path };
  const split = path.lastIndexOf('/');
  const [prefix, name] = [path.slice(0, Math.max(split, 0)), path.slice(split + 1)];
  if (Buffer.byteLength(name) > nameLengthMax || Buffer.byteLength(prefix) > prefixLengthMax) {
    throw new TarError(`the name of ${Buffer.byteLength(path)} bytes does not fit into its header`);
  }
  return { prefix, name };
}

function writeSize(header: Buffer, byteLength: number): void {
  if (byteLength < octalSizeMax) {
    header.write(`${octal(byteLength, 11)}\0`, 124);
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(byteLength), 128);
}

function readText(header: Buffer, start: number, lengthMax: number): string {
  const field = header.subarray(start, start + lengthMax);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? lengthMax : end);
}

/** The sum of all bytes, with the field of the sum itself taken for blanks. */
function checksum(header: Buffer, blank = true): number {
  if (blank) header.fill(' ', 148, 156);
  return header.reduce((sum, byte) => sum + byte, 0);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
