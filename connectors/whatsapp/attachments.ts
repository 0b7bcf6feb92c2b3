import type { EventAttachment } from 'archway/sdk';
import { bytesOf, countOf, type Fields, isFields, textOf } from './fields.js';
import { bare } from './jid.js';
import { shorten } from './text.js';

/** Fields that hold a file: how WhatsApp derives its keys, and the type of its bytes where the message names none. */
const mediaFields: Readonly<Record<string, readonly [mediaType: string, contentType: string | undefined]>> = {
  imageMessage: ['image', 'image/jpeg'],
  videoMessage: ['video', 'video/mp4'],
  ptvMessage: ['video', 'video/mp4'],
  audioMessage: ['audio', 'audio/ogg'],
  documentMessage: ['document', undefined],
  stickerMessage: ['sticker', 'image/webp'],
  stickerPackMessage: ['sticker-pack', 'application/zip'],
  catalogImage: ['image', 'image/jpeg'],
  productImage: ['image', 'image/jpeg'],
  messageHistoryBundle: ['message-history', undefined],
};

/** What is not of the message itself: quotes hold media of others, previews hold thumbnails. */
const passedOver = new Set(['contextInfo', 'quotedMessage', 'protocolMessage', 'messageContextInfo']);

const depthMax = 10;
const filesMax = 100;
const nameLengthMax = 1_000;
const contentTypeLengthMax = 255;
const referenceLengthMax = 4_000;

/** Which message holds the file, for when its sender has to be asked to put it up again. */
export interface Holder {
  readonly remoteJid: string;
  readonly id: string;
  readonly fromMe: boolean;
  readonly participant?: string | undefined;
}

export function holderOf(frame: {
  chat: string;
  id: string;
  fromMe: boolean;
  author: { jid: string };
}): Holder {
  const participant = bare(frame.author.jid);
  const { chat: remoteJid, id, fromMe } = frame;
  return { remoteJid, id, fromMe, ...(participant !== remoteJid && { participant }) };
}

/** Every file in a field of a message, at whatever depth: headers of templates and cards have some too. */
export function attachmentsOf(name: string, value: unknown, holder: Holder): EventAttachment[] {
  const found: EventAttachment[] = [];
  collect(name, value, 0, (field, fields) => {
    if (found.length < filesMax) found.push(attachmentOf(field, fields, holder, found.length));
  });
  return found;
}

function collect(
  name: string,
  value: unknown,
  depth: number,
  add: (name: string, fields: Fields) => void,
): void {
  if (depth > depthMax || passedOver.has(name)) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(name, each, depth + 1, add);
    return;
  }
  if (!isFields(value)) return;
  if (Object.hasOwn(mediaFields, name)) add(name, value);
  if (name === 'invoiceMessage' && textOf(value.attachmentDirectPath)) add(name, invoiceFile(value));
  for (const [field, each] of Object.entries(value)) collect(field, each, depth + 1, add);
}

function invoiceFile(value: Fields): Fields {
  return {
    directPath: value.attachmentDirectPath,
    mediaKey: value.attachmentMediaKey,
    fileSha256: value.attachmentFileSha256,
    fileEncSha256: value.attachmentFileEncSha256,
    mimetype: value.attachmentMimetype,
  };
}

function attachmentOf(field: string, file: Fields, holder: Holder, position: number): EventAttachment {
  const [mediaType, usualType] = mediaFields[field] ?? ['image', undefined];
  const digest = bytesOf(file.fileSha256);
  const contentType = textOf(file.mimetype) ?? usualType;
  const name = textOf(file.fileName) ?? (field === 'documentMessage' ? textOf(file.title) : undefined);
  const byteLength = countOf(file.fileLength);
  const durationSeconds = countOf(file.seconds);
  const reference = referenceOf(file, mediaType, holder);
  return {
    key: keyOf(field, digest, position),
    ...(reference !== undefined && { reference }),
    ...(name !== undefined && { name: shorten(name, nameLengthMax) }),
    ...(contentType !== undefined && { contentType: shorten(contentType, contentTypeLengthMax) }),
    ...(byteLength !== undefined && { byteLength }),
    // An app that does not know it says none or zero.
    ...(durationSeconds && { durationSeconds }),
  };
}

function keyOf(field: string, digest: Uint8Array | undefined, position: number): string {
  const place = position === 0 ? [] : [String(position)];
  const name = digest === undefined ? [] : [Buffer.from(digest).toString('hex').slice(0, 128)];
  return [field, ...name, ...place].join('/');
}

/** What it takes to fetch the file and to open it. Undefined where the message does not say, or far too much. */
function referenceOf(file: Fields, mediaType: string, key: Holder): string | undefined {
  const { directPath, url, mediaKey, fileEncSha256, fileSha256 } = file;
  if (textOf(directPath) === undefined && textOf(url) === undefined) return undefined;
  const parts = { directPath, url, mediaKey, fileEncSha256, fileSha256 };
  const texts = Object.entries(parts).filter(([, value]) => textOf(value) !== undefined);
  const reference = (entries: typeof texts) =>
    JSON.stringify({ ...Object.fromEntries(entries), mediaType, key });
  const whole = reference(texts);
  if (whole.length <= referenceLengthMax) return whole;
  const short = reference(texts.filter(([name]) => name !== 'url'));
  return short.length <= referenceLengthMax ? short : undefined;
}

/** What a file says of itself beside its bytes. */
export function fileDetails(value: Fields): Record<string, string> {
  const wanted = [
    'seconds',
    'pageCount',
    'ptt',
    'gifPlayback',
    'viewOnce',
    'isAnimated',
    'accessibilityLabel',
  ];
  const details = wanted.flatMap((name) => {
    const detail = value[name];
    if (detail === undefined || detail === null || detail === false || detail === '') return [];
    return ['string', 'number', 'boolean'].includes(typeof detail)
      ? [[name, shorten(String(detail), nameLengthMax)] as const]
      : [];
  });
  return Object.fromEntries(details);
}
