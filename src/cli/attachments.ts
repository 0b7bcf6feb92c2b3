import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError, usageError } from './cli-error.js';
import type { Download } from './client.js';
import { exitCodes } from './exit-codes.js';
import { isTerminal, writeBytes } from './io.js';
import { action, addApiCommand, addCommand, type Context, type Shell } from './shell.js';

interface GetOptions {
  readonly output?: string;
}

/** `archway attachment get` */
export function registerAttachments(program: Command, shell: Shell): void {
  const attachment = addCommand(program, 'attachment', {
    summary: 'the bytes that messages bring',
    example: 'archway attachment get 019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f --output picture.jpg',
  });
  addApiCommand(attachment, 'get <id>', {
    summary: 'write the bytes of an attachment to a file, or to standard output',
    example: 'archway attachment get 019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f --output picture.jpg',
    notes: 'Ids stand in `archway message ID`. Each reading is noted in the audit trail.',
  })
    .option('--output <file>', 'a file that is not there yet (default: standard output)')
    .action(action(shell, getAttachment));
}

async function getAttachment(context: Context, id: string, { output: file }: GetOptions): Promise<void> {
  const { io, output } = context;
  if (file === undefined && output.json) throw usageError('With --json, name a file with --output.');
  if (file === undefined && isTerminal(io.stdout)) {
    throw usageError('The bytes are not for a terminal: name a file with --output, or redirect the output.');
  }
  const client = await context.client();
  const path = `/v1/attachments/${encodeURIComponent(id)}`;
  if (file === undefined) {
    await copy(await client.bytesOf(path), (piece) => writeBytes(io.stdout, piece));
    return;
  }
  const saved = await saveTo(resolve(file), () => client.bytesOf(path));
  if (output.json) return output.value({ id, ...saved });
  await output.note(`Wrote ${saved.byteLength} bytes to ${saved.file}. SHA-256: ${saved.sha256}`);
}

interface Saved {
  readonly file: string;
  readonly byteLength: number;
  readonly sha256: string;
}

/** The file appears whole, or not at all, and never in place of another. */
async function saveTo(file: string, download: () => Promise<Download>): Promise<Saved> {
  if (existsSync(file)) throw isThere(file);
  const part = `${file}.part`;
  const handle = await onDisk(part, () => open(part, 'wx', 0o600));
  try {
    const saved = await copy(await download(), async (piece) => {
      await onDisk(part, () => handle.writeFile(piece));
      return true;
    });
    await onDisk(part, () => handle.sync());
    await onDisk(file, () => link(part, file));
    return { file, ...saved };
  } finally {
    await handle.close();
    await unlink(part);
  }
}

/** Reads to the end, or until nobody takes the bytes any more. @throws {CliError} unless they are those of the record. */
async function copy(
  { body, sha256 }: Download,
  take: (piece: Uint8Array) => Promise<boolean>,
): Promise<Omit<Saved, 'file'>> {
  const hash = createHash('sha256');
  let byteLength = 0;
  try {
    for await (const piece of body) {
      hash.update(piece);
      byteLength += piece.byteLength;
      if (!(await take(piece))) return { byteLength, sha256 };
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw failed(
      'The transfer broke off. Try again; if it breaks off again, the log of the server says why.',
      cause,
    );
  }
  if (hash.digest('hex') !== sha256) {
    throw failed('The bytes that came are not those that the server announced. Do not use them; try again.');
  }
  return { byteLength, sha256 };
}

async function onDisk<Value>(file: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw isThere(file, cause);
    throw failed(`${file} cannot be written (${code}). Name a file in a folder that you may write.`, cause);
  }
}

function isThere(file: string, cause?: unknown): CliError {
  return failed(`${file} is there already, and is not overwritten. Name another file.`, cause);
}

function failed(detail: string, cause?: unknown): CliError {
  return new CliError(exitCodes.failed, 'Attachment not written', detail, {}, { cause });
}
