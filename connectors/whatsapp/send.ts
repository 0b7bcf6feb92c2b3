import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AnyMessageContent } from '@whiskeysockets/baileys';
import {
  type Accepted,
  type CallContext,
  Failure,
  type OutboundMessage,
  type OutboundReaction,
} from 'archway/sdk';
import { messageKey, reactionKey } from './keys.js';
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
  const { reaction, replyTo } = message;
  const jid = message.to.asReceived;
  const content = reaction === undefined ? await contentOf(message) : reactionTo(handle, jid, reaction);
  const quoted = replyTo && handle.keyOf(replyTo, jid);
  const chat = await handle.send({ id, jid, content, ...(quoted !== undefined && { quoted }) }, signal);
  return { providerId: id, aliases: [(reaction === undefined ? messageKey : reactionKey)(chat, id)] };
}

/** In the form of the library's own ids, from ours: the same on every attempt. */
export function idOf(messageId: string): string {
  const digest = createHash('sha256').update(messageId).digest('hex');
  return `3EB0${digest.slice(0, 18).toUpperCase()}`;
}

/** An empty one takes back the one before. */
function reactionTo(handle: Handle, jid: string, { to, emoji }: OutboundReaction): AnyMessageContent {
  const key = handle.keyOf(to, jid);
  if (key === undefined) throw new Failure('rejected', 'There is no message to react to; nothing has left.');
  return { react: { key, text: emoji ?? '' } };
}

async function contentOf({ text = '', media: [file] }: OutboundMessage): Promise<AnyMessageContent> {
  // No preview of a link: that would fetch what somebody wrote.
  if (file === undefined) return { text, linkPreview: null };
  const stream = Readable.fromWeb((await file.open()) as Parameters<typeof Readable.fromWeb>[0]);
  const mimetype = file.contentType;
  const caption = text === '' ? {} : { caption: text };
  const [kind] = mimetype.split('/');
  // Asked for a preview or a length, the library would lay the file on the disk as it is, unencrypted.
  const noPreview = { jpegThumbnail: '' };
  if (kind === 'image') return { image: { stream }, mimetype, ...noPreview, ...caption };
  if (kind === 'video') return { video: { stream }, mimetype, ...noPreview, ...caption };
  if (kind === 'audio' && text === '') return { audio: { stream }, mimetype, seconds: 0 };
  return { document: { stream }, mimetype, fileName: file.name ?? 'attachment', ...caption };
}
