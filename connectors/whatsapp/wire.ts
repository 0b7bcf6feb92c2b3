import type { Fields } from './fields.js';

/**
 * Reads the few kinds of Protobuf messages that stand encrypted inside others, where the library that decodes the outer
 * ones cannot see them. The shape of what comes back is that of the captures: bytes in base64, numbers as decimal strings.
 */
export interface WireType {
  readonly [field: number]: readonly [name: string, kind: WireKind, repeated?: 'repeated'];
}

type WireKind = 'text' | 'bytes' | 'number' | (() => WireType);

const key: WireType = {
  1: ['remoteJid', 'text'],
  2: ['fromMe', 'number'],
  3: ['id', 'text'],
  4: ['participant', 'text'],
};

const context: WireType = {
  1: ['stanzaId', 'text'],
  2: ['participant', 'text'],
  4: ['remoteJid', 'text'],
  15: ['mentionedJid', 'text', 'repeated'],
  21: ['forwardingScore', 'number'],
};

const wrapped: WireType = { 1: ['message', () => message] };

const media = (fields: WireType): WireType => ({
  11: ['directPath', 'text'],
  17: ['contextInfo', () => context],
  ...fields,
});

const location: WireType = { 3: ['name', 'text'], 4: ['address', 'text'] };

/** The content that may be edited; what else there is comes back among `unknownFields`. */
export const message: WireType = {
  1: ['conversation', 'text'],
  3: [
    'imageMessage',
    () =>
      media({
        1: ['url', 'text'],
        2: ['mimetype', 'text'],
        3: ['caption', 'text'],
        4: ['fileSha256', 'bytes'],
        5: ['fileLength', 'number'],
        8: ['mediaKey', 'bytes'],
        9: ['fileEncSha256', 'bytes'],
      }),
  ],
  6: ['extendedTextMessage', () => ({ 1: ['text', 'text'], 17: ['contextInfo', () => context] })],
  7: [
    'documentMessage',
    () => ({
      1: ['url', 'text'],
      2: ['mimetype', 'text'],
      3: ['title', 'text'],
      4: ['fileSha256', 'bytes'],
      5: ['fileLength', 'number'],
      7: ['mediaKey', 'bytes'],
      8: ['fileName', 'text'],
      9: ['fileEncSha256', 'bytes'],
      10: ['directPath', 'text'],
      17: ['contextInfo', () => context],
      20: ['caption', 'text'],
    }),
  ],
  9: [
    'videoMessage',
    () =>
      media({
        1: ['url', 'text'],
        2: ['mimetype', 'text'],
        3: ['fileSha256', 'bytes'],
        4: ['fileLength', 'number'],
        6: ['mediaKey', 'bytes'],
        7: ['caption', 'text'],
        11: ['fileEncSha256', 'bytes'],
        13: ['directPath', 'text'],
      }),
  ],
  12: [
    'protocolMessage',
    () => ({
      1: ['key', () => key],
      2: ['type', 'number'],
      14: ['editedMessage', () => message],
      15: ['timestampMs', 'number'],
    }),
  ],
  35: ['messageContextInfo', () => ({ 3: ['messageSecret', 'bytes'] })],
  37: ['viewOnceMessage', () => wrapped],
  40: ['ephemeralMessage', () => wrapped],
  53: ['documentWithCaptionMessage', () => wrapped],
  55: ['viewOnceMessageV2', () => wrapped],
  58: ['editedMessage', () => wrapped],
  75: [
    'eventMessage',
    () => ({
      2: ['isCanceled', 'number'],
      3: ['name', 'text'],
      4: ['description', 'text'],
      5: ['location', () => location],
      6: ['joinLink', 'text'],
      7: ['startTime', 'number'],
      8: ['endTime', 'number'],
    }),
  ],
};

export const pollVote: WireType = { 1: ['selectedOptions', 'bytes', 'repeated'] };

export const reaction: WireType = {
  1: ['key', () => key],
  2: ['text', 'text'],
  4: ['senderTimestampMs', 'number'],
};

export const eventResponse: WireType = {
  1: ['response', 'number'],
  2: ['timestampMs', 'number'],
  3: ['extraGuestCount', 'number'],
};

const depthMax = 20;

/**
 * Undefined for bytes that are no Protobuf message. Fields that the type does not have are listed by their numbers as
 * `unknownFields`.
 */
export function readWire(bytes: Uint8Array, type: WireType, depth = 0): Fields | undefined {
  if (depth > depthMax) return undefined;
  const fields: Record<string, unknown> = {};
  const unknown: number[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = varint(cursor);
    if (tag === undefined || tag >> 3n === 0n || tag >> 3n > 536_870_911n) return undefined;
    const number = Number(tag >> 3n);
    const raw = rawOf(cursor, Number(tag & 7n));
    if (raw === undefined) return undefined;
    const known = type[number];
    if (known === undefined) {
      unknown.push(number);
      continue;
    }
    const [name, kind, repeated] = known;
    const value = read(raw, kind, depth);
    if (value === undefined) return undefined;
    fields[name] = repeated ? [...((fields[name] as unknown[]) ?? []), value] : value;
  }
  return unknown.length === 0 ? fields : { ...fields, unknownFields: [...new Set(unknown)] };
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function read(raw: bigint | Uint8Array, kind: WireKind, depth: number): unknown {
  if (kind === 'number') return typeof raw === 'bigint' ? String(raw) : undefined;
  if (typeof raw === 'bigint') return undefined;
  if (kind === 'bytes') return Buffer.from(raw).toString('base64');
  if (kind === 'text') return Buffer.from(raw).toString('utf8');
  return readWire(raw, kind(), depth + 1);
}

function varint(cursor: Cursor): bigint | undefined {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  return undefined;
}

function rawOf(cursor: Cursor, wireType: number): bigint | Uint8Array | undefined {
  if (wireType === 0) return varint(cursor);
  const fixed: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
  const length = wireType === 2 ? varint(cursor) : fixed[wireType];
  if (length === undefined || cursor.at + Number(length) > cursor.bytes.length) return undefined;
  const start = cursor.at;
  cursor.at += Number(length);
  return cursor.bytes.subarray(start, cursor.at);
}
