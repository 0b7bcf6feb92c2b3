import type { AnyMessageContent, WAMessage } from '@whiskeysockets/baileys';
import { Failure } from 'archway/sdk';
import { messageKey } from '../keys.js';
import type { MediaReference } from '../media.js';
import type { Connection } from './connection.js';
import type { Library } from './library.js';
import { type KeptSecret, secretNames } from './secrets.js';

/** What to send, in the words of the library. */
export interface Outgoing {
  /** Chosen before it leaves, so that the same message met elsewhere is known. */
  readonly id: string;
  readonly jid: string;
  readonly content: AnyMessageContent;
  /** Id of the message that this one answers. */
  readonly quoted?: string;
}

/** What a session puts up while it is open, for `send` and `media`. */
export interface Handle {
  /**
   * Resolves once the server has taken it, with the key under which `parse` would meet it.
   *
   * @throws {Failure} as `Connector.send` does.
   */
  send(outgoing: Outgoing, signal: AbortSignal): Promise<string>;
  /** Has the phone of the sender put a file up again; resolves with its new path. @throws {Failure} */
  renewMedia(file: MediaReference): Promise<string>;
}

/** For the server's word that it has taken a message. */
const answerMaxMs = 20_000;
/** The phone of the sender has to be on, and may be slow. */
const renewMaxMs = 60_000;

export function handleOf(connection: Connection, library: Library): Handle {
  return {
    send: (outgoing) => send(connection, outgoing),
    renewMedia: (file) => renewMedia(connection, file, library),
  };
}

async function send(connection: Connection, { id, jid, content, quoted }: Outgoing): Promise<string> {
  const { socket, names, commits } = connection;
  const { chat = jid, changes } = await names.ofChat([jid], true);
  await commits.add([], changes);
  const answering = quoted === undefined ? undefined : await quote(connection, chat, jid, quoted);
  connection.hasEncrypted = false;
  const answered = socket.waitForMessage(id, answerMaxMs).catch(() => undefined);
  try {
    await socket.sendMessage(jid, content, {
      messageId: id,
      ...(answering !== undefined && { quoted: answering }),
    });
  } catch (cause) {
    if (!connection.hasEncrypted) {
      throw new Failure('unavailable', 'The message could not be prepared; nothing has left.', { cause });
    }
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
  return messageKey(chat, id);
}

/** The library wants the whole message; its id, its chat and who wrote it are enough for a phone to find it. */
async function quote(connection: Connection, chat: string, jid: string, id: string): Promise<WAMessage> {
  const { own } = connection;
  const [kept] = (await connection.recallMany(secretNames(chat, id))).values();
  const senders = kept === undefined ? [] : (JSON.parse(kept) as KeptSecret).senders;
  const fromMe = senders.some((sender) => sender === own.pn || sender === own.lid);
  const [author = jid] = senders;
  return {
    key: { remoteJid: jid, id, fromMe, participant: fromMe ? own.pn : author },
    message: { conversation: '' },
  } as WAMessage;
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
    const { NOT_FOUND } = library.proto.MediaRetryNotification.ResultType;
    const isGone = (cause as { data?: { result?: number } }).data?.result === NOT_FOUND;
    if (!isGone)
      throw new Failure('unavailable', 'The phone of the sender did not put the file up again.', { cause });
  }
  throw new Failure('rejected', 'The phone of the sender does not have the file any more.');
}
