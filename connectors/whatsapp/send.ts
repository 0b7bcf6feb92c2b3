import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AnyMessageContent } from '@whiskeysockets/baileys';
import { type Accepted, type CallContext, Failure, type OutboundMessage } from 'archway/sdk';
import type { Handle } from './session/handle.js';
import type { WhatsAppSettings } from './settings.js';

/** Sends one message by the open session. Its id is ours, so that the same message met elsewhere is the same record. */
export async function send(
  message: OutboundMessage,
  { session, signal }: CallContext<WhatsAppSettings>,
): Promise<Accepted> {
  const handle = session as Handle | undefined;
  if (handle === undefined) throw new Failure('unavailable', 'The session is not open; nothing has left.');
  const id = idOf(message.id);
  const content = await contentOf(message);
  const quoted = message.replyTo === undefined ? undefined : quotedId(message.replyTo);
  const key = await handle.send(
    { id, jid: message.to.asReceived, content, ...(quoted !== undefined && { quoted }) },
    signal,
  );
  return { providerId: id, aliases: [key] };
}

/** In the form of the library's own ids, from ours: the same on every attempt. */
export function idOf(messageId: string): string {
  const digest = createHash('sha256').update(messageId).digest('hex');
  return `3EB0${digest.slice(0, 18).toUpperCase()}`;
}

/** Keys are `message/<chat>/<id>`. */
function quotedId(key: string): string | undefined {
  return /^message\/[^/]+\/([^/]+)$/.exec(key)?.[1];
}

async function contentOf({ text = '', media: [file] }: OutboundMessage): Promise<AnyMessageContent> {
  // No preview of a link: that would fetch what somebody wrote.
  if (file === undefined) return { text, linkPreview: null };
  const stream = Readable.fromWeb((await file.open()) as Parameters<typeof Readable.fromWeb>[0]);
  const mimetype = file.contentType;
  const caption = text === '' ? {} : { caption: text };
  const [kind] = mimetype.split('/');
  if (kind === 'image') return { image: { stream }, mimetype, ...caption };
  if (kind === 'video') return { video: { stream }, mimetype, ...caption };
  if (kind === 'audio' && text === '') return { audio: { stream }, mimetype };
  return { document: { stream }, mimetype, fileName: 'attachment', ...caption };
}
