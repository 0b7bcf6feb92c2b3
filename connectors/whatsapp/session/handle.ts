import type { AnyMessageContent, proto, WAMessage, WAMessageKey } from '@whiskeysockets/baileys';
import { type EarlierMessage, Failure } from 'archway/sdk';
import { bare, isGroup } from '../jid.js';
import { idIn } from '../keys.js';
import type { MediaReference } from '../media.js';
import type { Connection } from './connection.js';
import { type Library, silentLogger } from './library.js';

/** What to send, in the words of the library. */
export interface Outgoing {
  /** Chosen before it leaves, so that the same message met elsewhere is known. */
  readonly id: string;
  readonly jid: string;
  readonly content: AnyMessageContent;
  /** The message that this one answers. */
  readonly quoted?: WAMessageKey;
}

/** What a session puts up while it is open, for `send` and `media`. */
export interface Handle {
  /**
   * Resolves once the server has taken it, with the name of its chat by which `parse` would make its key.
   *
   * @throws {Failure} as `Connector.send` does.
   */
  send(outgoing: Outgoing, signal: AbortSignal): Promise<string>;
  /** How a phone names a message in the chat with this jid; undefined for what is no message of WhatsApp's. */
  keyOf(earlier: EarlierMessage, jid: string): WAMessageKey | undefined;
  /** Has the phone of the sender put a file up again; resolves with its new path. @throws {Failure} */
  renewMedia(file: MediaReference): Promise<string>;
}

/** For the server's word that it has taken a message. */
const answerMaxMs = 20_000;
/** The phone of the sender has to be on, and may be slow. */
const renewMaxMs = 60_000;

export function handleOf(connection: Connection, library: Library): Handle {
  return {
    send: (outgoing, signal) => send(connection, outgoing, { library, signal }),
    keyOf: (earlier, jid) => keyOf(connection, earlier, jid),
    renewMedia: (file) => renewMedia(connection, file, library),
  };
}

async function send(
  connection: Connection,
  { id, jid, content, quoted }: Outgoing,
  { library, signal }: { readonly library: Library; readonly signal: AbortSignal },
): Promise<string> {
  const { socket, names, commits } = connection;
  const { chat = jid, changes } = await names.ofChat([jid], true);
  await commits.add([], changes);
  const message = await prepared(connection, { id, jid, content, ...(quoted && { quoted }) }, library);
  if (signal.aborted)
    throw new Failure('unavailable', 'To put the file up took too long; the message has not left.');
  connection.hasEncrypted = false;
  const answered = socket.waitForMessage(id, answerMaxMs).catch(() => undefined);
  try {
    await socket.relayMessage(jid, message, { messageId: id });
  } catch (cause) {
    if (!connection.hasEncrypted) throw notPrepared(cause);
    throw new Failure('indeterminate', 'The connection was lost while the message was on its way.', {
      cause,
    });
  }
  const answer = (await answered) as { attrs?: Record<string, string> } | undefined;
  if (answer === undefined)
    throw new Failure('indeterminate', 'WhatsApp did not say that it has taken the message.');
  const code = answer.attrs?.error;
  if (code !== undefined) {
    throw new Failure('rejected', `WhatsApp refused the message (${code.slice(0, 20)}).`, { code });
  }
  return chat;
}

const notPrepared = (cause: unknown) =>
  new Failure('unavailable', 'The message could not be prepared; nothing has left.', { cause });

/** The message as it will be encrypted; its file has been put up by then. @throws {Failure} */
async function prepared(
  { socket, own }: Connection,
  { id, jid, content, quoted }: Outgoing,
  library: Library,
): Promise<proto.IMessage> {
  try {
    const { message } = await library.generateWAMessage(jid, content, {
      logger: silentLogger,
      userJid: own.pn ?? '',
      upload: socket.waUploadToServer,
      messageId: id,
      // The library wants the whole message.
      ...(quoted && { quoted: { key: quoted, message: { conversation: '' } } as WAMessage }),
    });
    if (message) return message;
  } catch (cause) {
    throw notPrepared(cause);
  }
  throw notPrepared(undefined);
}

/** By its id, its chat and who wrote it a phone finds a message. */
function keyOf(
  { own }: Connection,
  { key, direction, from }: EarlierMessage,
  jid: string,
): WAMessageKey | undefined {
  const id = idIn(key);
  if (id === undefined) return undefined;
  const fromMe = direction === 'outbound';
  // In a chat of two the other side is the chat itself.
  const participant = fromMe ? own.pn : isGroup(jid) ? bare(from.asReceived) : jid;
  return { remoteJid: jid, id, fromMe, ...(participant !== undefined && { participant }) };
}

/** The phone says so, sealed under the key of the file; or the server says it for a phone that does not. */
function isGone(cause: unknown, { proto }: Library): boolean {
  const { data } = cause as { data?: { result?: number; code?: string } };
  const { NOT_FOUND } = proto.MediaRetryNotification.ResultType;
  return data?.result === NOT_FOUND || Number(data?.code) === NOT_FOUND;
}

async function renewMedia(connection: Connection, file: MediaReference, library: Library): Promise<string> {
  const { key, mediaKey } = file;
  const bytes = Buffer.from(mediaKey ?? '', 'base64');
  const message = { key, message: { documentMessage: { mediaKey: bytes } } } as unknown as WAMessage;
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), renewMaxMs).unref();
  });
  try {
    const renewed = await Promise.race([connection.socket.updateMediaMessage(message), late]);
    const directPath = renewed.message?.documentMessage?.directPath;
    if (directPath) return directPath;
  } catch (cause) {
    if (!isGone(cause, library))
      throw new Failure('unavailable', 'The phone of the sender did not put the file up again.', { cause });
  }
  throw new Failure('rejected', 'The phone of the sender does not have the file any more.');
}
