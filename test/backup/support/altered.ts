import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { readTar, tarEnd, tarHeader, tarPadding } from '../../../src/core/tar.js';

export interface Member {
  name: string;
  bytes: Buffer;
}

/** All members of a backup; those of a test are small. */
export async function readMembers(file: string): Promise<Member[]> {
  const members: Member[] = [];
  for await (const { name, content } of readTar(createReadStream(file))) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    members.push({ name, bytes: Buffer.concat(pieces) });
  }
  return members;
}

/** Writes an archive of these members, as it is written by whoever has changed a backup. */
export async function writeMembers(file: string, members: readonly Member[]): Promise<void> {
  const changedAt = new Date();
  const blocks = members.flatMap(({ name, bytes }) => [
    tarHeader({ name, byteLength: bytes.length, changedAt }),
    bytes,
    tarPadding(bytes.length),
  ]);
  await writeFile(file, Buffer.concat([...blocks, tarEnd()]));
}

/** Puts all digests right again, as somebody does who wants a change to go unnoticed; only the key is not his. */
export function withDigestsMended(members: readonly Member[]): Member[] {
  let lines = '';
  const sums: Record<string, string> = {};
  return members.map(({ name, bytes }) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (/^(tables|spool|blobs)\//.test(name)) lines += `${digest}  ${name}\n`;
    if (name.startsWith('SHA256SUMS')) {
      const list = Buffer.from(lines);
      lines = '';
      sums[name] = createHash('sha256').update(list).digest('hex');
      return { name, bytes: list };
    }
    if (name !== 'manifest.json') return { name, bytes };
    return { name, bytes: Buffer.from(JSON.stringify({ ...JSON.parse(bytes.toString()), sums })) };
  });
}

/** Everything that a reader without a key sees. */
export async function clearText(file: string): Promise<string> {
  const members = await readMembers(file);
  return members
    .map(
      ({ name, bytes }) =>
        `${name}\n${(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')}`,
    )
    .join('\n');
}
