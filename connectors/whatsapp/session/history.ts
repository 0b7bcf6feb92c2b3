import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import type { proto } from '@whiskeysockets/baileys';
import { Failure, type Received, type Session, type StateChanges } from 'archway/sdk';
import { decodeMedia, mediaUrl } from '../media.js';
import type { WhatsAppSettings } from '../settings.js';
import { capture } from './key-store.js';
import type { Library } from './library.js';
import type { Own } from './names.js';
import type { Past } from './past.js';

type HistorySession = Pick<Session<WhatsAppSettings>, 'recall' | 'settings' | 'signal' | 'now'>;
type Notice = proto.Message.IHistorySyncNotification;

const listName = 'history-pending';
const lateName = 'history-late';
/** What is to be forgotten with the keys of a device. */
export const historyNames = [listName, lateName];
const noticeName = (id: string) => `history/${id}`;

/** Together in one transaction. */
const batchMax = 200;
const blobMaxBytes = 256 * 1_024 * 1_024;
const downloadMaxMs = 5 * 60_000;
const triesMax = 4;
/** A part that could not be fetched is asked for again, at the next connection or after this, while it may still lie there. */
const lateAgainMs = 60 * 60_000;
const lateMaxMs = 14 * 24 * 60 * 60_000;

/** Parts that could not be fetched yet, with the time since when, ISO 8601: their gaps are open. */
type Late = Readonly<Record<string, string>>;

/**
 * The past, as the phone hands it over when it is linked. That there is a part to fetch is committed with the message that says
 * so; it is forgotten with the last message of that part. So a process that dies in between fetches it again, and messages that are
 * there already are duplicates.
 */
export class History {
  #pending: string[] | undefined;
  /** When each was tried last over this connection, in milliseconds. */
  readonly #triedAt = new Map<string, number>();
  #importing = false;
  /** Asked for while one was under way, which may have looked just before the commit that this is about. */
  #again = false;

  constructor(
    private readonly session: HistorySession,
    private readonly library: Library,
    private readonly past: Past,
    private readonly own: () => Own,
    private readonly commit: (received: readonly Received[], changes?: StateChanges) => Promise<void>,
  ) {}

  /** What has to be committed with a message that announces a part of the past. */
  async announcedBy(message: proto.IMessage, id: string): Promise<StateChanges> {
    const protocol = message.deviceSentMessage?.message?.protocolMessage ?? message.protocolMessage;
    const notice = protocol?.historySyncNotification;
    if (!notice || this.session.settings.history === 'none') return {};
    const { HistorySyncNotification } = this.library.proto.Message;
    const bytes = HistorySyncNotification.encode(HistorySyncNotification.create(notice)).finish();
    const pending = await this.#list();
    if (!pending.includes(id)) pending.push(id);
    return {
      [noticeName(id)]: Buffer.from(bytes).toString('base64'),
      [listName]: JSON.stringify(pending),
    };
  }

  /** Imports what is announced and committed, part after part. */
  import(onFailed: (error: unknown) => void): void {
    this.#again = true;
    if (!this.#importing) this.#importWhileAsked().catch(onFailed);
  }

  async #importWhileAsked(): Promise<void> {
    this.#importing = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#importAll();
      }
    } finally {
      this.#importing = false;
    }
  }

  async #list(): Promise<string[]> {
    if (this.#pending !== undefined) return this.#pending;
    const kept = JSON.parse((await this.session.recall(listName)) ?? '[]') as string[];
    this.#pending ??= kept;
    return this.#pending;
  }

  async #importAll(): Promise<void> {
    const pending = await this.#list();
    const isDue = (id: string) =>
      this.session.now().getTime() - (this.#triedAt.get(id) ?? Number.NEGATIVE_INFINITY) >= lateAgainMs;
    for (;;) {
      const id = pending.find(isDue);
      if (id === undefined || this.session.signal.aborted) return;
      const text = await this.session.recall(noticeName(id));
      // Announced, but not committed yet.
      if (text === undefined) return;
      this.#triedAt.set(id, this.session.now().getTime());
      await this.#importPart(id, Buffer.from(text, 'base64'));
    }
  }

  async #importPart(id: string, bytes: Uint8Array): Promise<void> {
    const notice = this.library.proto.Message.HistorySyncNotification.decode(bytes);
    const late = JSON.parse((await this.session.recall(lateName)) ?? '{}') as Late;
    const since = late[id];
    const part = await this.#fetch(notice);
    if (part === 'gone' || (part === 'later' && this.#isTooLate(since))) {
      await this.#finish(
        id,
        late,
        since === undefined ? [this.#gap(id, { failure: 'history unavailable' })] : [],
      );
    } else if (part === 'later') {
      if (since !== undefined) return;
      const more: Late = { ...late, [id]: this.session.now().toISOString() };
      const opened = this.#gap(id, { failure: 'history unavailable' });
      await this.commit([opened], { [lateName]: JSON.stringify(more) });
    } else {
      for (const conversation of part.conversations) await this.#importChat(conversation);
      await this.#finish(id, late, since === undefined ? [] : [this.#gap(id, { recovered: true })]);
    }
  }

  /** Nothing more is to be done for a part. */
  async #finish(id: string, { [id]: _, ...late }: Late, received: readonly Received[]): Promise<void> {
    const pending = await this.#list();
    pending.splice(pending.indexOf(id), 1);
    await this.commit(received, {
      [noticeName(id)]: null,
      [listName]: JSON.stringify(pending),
      [lateName]: Object.keys(late).length === 0 ? null : JSON.stringify(late),
    });
  }

  #isTooLate(since: string | undefined): boolean {
    return since !== undefined && this.session.now().getTime() - Date.parse(since) > lateMaxMs;
  }

  /** That a part is missing, or that it is missing no more. */
  #gap(id: string, said: object): Received {
    const node = { tag: 'message', attrs: { id, ...this.#ownFrom() } };
    return capture('stanza', { node, own: this.own(), ...said });
  }

  #ownFrom(): { from?: string } {
    const { pn } = this.own();
    return pn === undefined ? {} : { from: pn };
  }

  async #importChat({ id, pnJid, lidJid, messages }: proto.IConversation): Promise<void> {
    const forms = [id, pnJid, lidJid].flatMap((jid) => jid ?? []);
    const all = (messages ?? []).flatMap(({ message }) => (message ? [{ info: message, forms }] : []));
    for (let start = 0; start < all.length; start += batchMax) {
      const { received, changes } = await this.past.take(all.slice(start, start + batchMax), 'history');
      await this.commit(received, changes);
    }
  }

  /** `gone`: it cannot be had any more, or is not what it should be; `later`: it may be had at another time. */
  async #fetch(notice: Notice): Promise<proto.HistorySync | 'gone' | 'later'> {
    const inline = notice.initialHistBootstrapInlinePayload;
    const packed = inline && inline.length > 0 ? inline : await this.#download(notice);
    if (packed === 'gone' || packed === 'later') return packed;
    const unpack = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);
    try {
      return this.library.proto.HistorySync.decode(
        await unpack(packed, { maxOutputLength: blobMaxBytes * 4 }),
      );
    } catch (error) {
      // It is no part of the past, or larger than any should be: to try again would give the same.
      if (error instanceof Error) return 'gone';
      throw error;
    }
  }

  async #download(notice: Notice): Promise<Uint8Array | 'gone' | 'later'> {
    const { mediaKey, directPath } = notice;
    if (!mediaKey || !directPath) return 'gone';
    const url = mediaUrl({ directPath }, this.session.settings);
    for (let tries = 0; tries < triesMax; tries += 1) {
      if (tries > 0) await sleep(1_000 * 4 ** (tries - 1), undefined, { signal: this.session.signal });
      const got = await this.#downloadOnce(url, mediaKey);
      this.session.signal.throwIfAborted();
      if (got !== 'later') return got;
    }
    return 'later';
  }

  async #downloadOnce(url: string, mediaKey: Uint8Array): Promise<Uint8Array | 'gone' | 'later'> {
    const signal = AbortSignal.any([this.session.signal, AbortSignal.timeout(downloadMaxMs)]);
    try {
      const response = await fetch(url, { redirect: 'error', signal });
      if (response.ok && response.body !== null) {
        const body = response.body as unknown as AsyncIterable<Uint8Array>;
        return await gather(decodeMedia(body, mediaKey, 'History'));
      }
      await response.body?.cancel();
      return response.status === 404 || response.status === 410 ? 'gone' : 'later';
    } catch (error) {
      return error instanceof Failure && error.kind === 'rejected' ? 'gone' : 'later';
    }
  }
}

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > blobMaxBytes)
      throw new Failure('rejected', 'A part of the history is larger than any should be.');
    all.push(piece);
  }
  return Buffer.concat(all);
}
