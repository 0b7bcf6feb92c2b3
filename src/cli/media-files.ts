import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { CliError, usageError } from './cli-error.js';
import type { ApiClient } from './client.js';
import { exitCodes } from './exit-codes.js';
import { uploadShape } from './shapes.js';

/** A file to send along. */
interface MediaFile {
  readonly path: string;
  readonly name: string;
  readonly contentType: string;
}

/** What a file is, by the end of its name: types that the gateway serves under their own name. */
const contentTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'image/jpeg': 'jpg jpeg',
    'image/png': 'png',
    'image/gif': 'gif',
    'image/webp': 'webp',
    'image/bmp': 'bmp',
    'image/heic': 'heic',
    'image/tiff': 'tif tiff',
    'audio/mpeg': 'mp3',
    'audio/mp4': 'm4a',
    'audio/ogg': 'ogg oga opus',
    'audio/amr': 'amr',
    'audio/aac': 'aac',
    'audio/wav': 'wav',
    'video/mp4': 'mp4',
    'video/mpeg': 'mpeg mpg',
    'video/quicktime': 'mov',
    'video/webm': 'webm',
    'video/3gpp': '3gp',
    'application/pdf': 'pdf',
    'text/plain': 'txt',
    'text/vcard': 'vcf',
    'text/csv': 'csv',
    'text/calendar': 'ics',
  }).flatMap(([type, endings]) => endings.split(' ').map((ending) => [`.${ending}`, type] as const)),
);

/** As the private API has it; more than any channel takes. */
const lengthMaxMb = 16;

/**
 * Brings files in, one after the other, to be sent along. All of them are looked at first, so that a wrong name leaves
 * nothing behind.
 *
 * @returns their ids, in this order.
 * @throws {CliError}
 */
export async function uploadMedia(client: ApiClient, paths: readonly string[]): Promise<string[]> {
  const files: MediaFile[] = [];
  for (const path of paths) files.push(await lookAt(resolve(path)));
  const ids: string[] = [];
  for (const { path, name, contentType } of files) {
    const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    const { id } = await client.upload('/v1/media', uploadShape, { body, contentType, query: { name } });
    ids.push(id);
  }
  return ids;
}

async function lookAt(path: string): Promise<MediaFile> {
  const contentType = contentTypes.get(extname(path).toLowerCase());
  if (contentType === undefined) {
    const known = [...contentTypes.keys()].join(' ');
    throw usageError(
      `What ${path} is cannot be told from its name. Names that end in one of these can be sent: ${known}`,
    );
  }
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unusable(
      `${path} cannot be read (${cause.code}). Check the name and the rights of the file.`,
      cause,
    );
  });
  if (!found.isFile()) throw unusable(`${path} is no file.`);
  if (found.size === 0) throw unusable(`${path} is empty.`);
  if (found.size > lengthMaxMb * 1024 * 1024) {
    throw unusable(
      `${path} is larger than ${lengthMaxMb} MB, and no channel takes that. Send a smaller file, or a link to it.`,
    );
  }
  return { path, name: basename(path), contentType };
}

function unusable(detail: string, cause?: unknown): CliError {
  return new CliError(exitCodes.failed, 'File not sent', detail, {}, { cause });
}
