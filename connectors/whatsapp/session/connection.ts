import { Agent } from 'node:https';
import type { AuthenticationCreds, BinaryNode, SignalDataSet, WASocket } from '@whiskeysockets/baileys';
import type { Received, Session, StateChanges } from 'archway/sdk';
import { bare } from '../jid.js';
import type { WhatsAppSettings } from '../settings.js';
import { Awaiting } from './awaiting.js';
import { Commits } from './commits.js';
import { Gate, type Sending } from './gate.js';
import { History } from './history.js';
import { Intake } from './intake.js';
import { credentialsName, KeyStore, mappingsIn, readCredentials, writeCredentials } from './key-store.js';
import { type Library, silentLogger } from './library.js';
import { Names, type Own } from './names.js';
import { Past } from './past.js';
import { type EndReason, reasonOf } from './reconnect.js';
import { committing, pendingWithKeys } from './repository.js';
import { Seen } from './seen.js';
import { Watchdog } from './watchdog.js';

export type WhatsAppSession = Session<WhatsAppSettings>;

export interface Ended {
  readonly reason: EndReason;
  /** How long it was open. */
  readonly openMs: number;
  /** Why nothing can be committed any more, if that was it. */
  readonly failure?: unknown;
}

export interface ConnectionEvents {
  onOpen(connection: Connection): void;
  /** The text of a QR code that may be scanned now. */
  onQr(connection: Connection, text: string): void;
  /** A phone has been linked; the server ends this connection, and the next one is open. */
  onLinked(): void;
}

/** What of a socket of `ws` the library keeps for itself. */
interface RawSocket extends Sending {
  terminate(): void;
}

/**
 * One connection to WhatsApp, from its first frame to its last. What it receives is committed before anything leaves that could
 * acknowledge it; when a commit fails the connection ends, and the server hands out again what was not acknowledged.
 */
export class Connection {
  readonly ended: Promise<Ended>;
  readonly socket: WASocket;
  readonly names: Names;
  readonly commits: Commits;
  /** Set when a message has been encrypted for its recipients: from then on it may have left. */
  hasEncrypted = false;
  readonly #library: Library;
  readonly #credentials: AuthenticationCreds;
  readonly #gate: Gate;
  readonly #history: History;
  readonly #watchdog: Watchdog;
  readonly #raw: RawSocket;
  #saved: string | undefined;
  #openedAt: number | undefined;
  #cause: EndReason | undefined;
  #failure: unknown;
  #end: (ended: Ended) => void = () => undefined;

  /** @param text the credentials as they were kept; undefined for a device that is to be linked. */
  constructor(
    session: WhatsAppSession,
    library: Library,
    text: string | undefined,
    events: ConnectionEvents,
  ) {
    this.#library = library;
    this.#saved = text;
    this.#credentials = readCredentials(text, library);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const recalling = this.#recallingOf(session);
    const awaiting = new Awaiting(recalling);
    this.commits = new Commits(
      session,
      async (given) => {
        const { received, changes } = await awaiting.among(given);
        return { received, changes: { ...changes, ...this.#credentialChanges() } };
      },
      (error) => this.#fail(error),
    );
    const keys = new KeyStore(recalling, library, (changes, data) => this.#writeKeys(changes, data));
    this.names = new Names(recalling, keys, () => this.own);
    const commit = (received: readonly Received[], changes?: StateChanges) => this.#commit(received, changes);
    const { recall, recallMany } = recalling;
    const past = new Past({ library, names: this.names, own: () => this.own, recallMany });
    this.#history = new History(
      { settings: session.settings, signal: session.signal, now: () => session.now(), recall },
      library,
      past,
      () => this.own,
      commit,
    );
    const intake = new Intake({
      library,
      names: this.names,
      seen: new Seen(recalling),
      own: () => this.own,
      recallMany,
      commit,
      history: this.#history,
      past,
    });
    this.socket = library.makeWASocket({
      ...settingsOf(session, library),
      auth: { creds: this.#credentials, keys },
      makeSignalRepository: committing(library.DEFAULT_CONNECTION_CONFIG.makeSignalRepository, intake),
      patchMessageBeforeSending: (message) => {
        this.hasEncrypted = true;
        return message;
      },
    });
    this.#raw = rawSocketOf(this.socket);
    this.#gate = new Gate(this.#raw);
    this.#watchdog = new Watchdog(() => this.end('silent'));
    this.#listen(intake, events);
  }

  get own(): Own {
    const { me } = this.#credentials;
    const [pn, lid] = [bare(me?.id), bare(me?.lid)];
    return { ...(pn !== undefined && { pn }), ...(lid !== undefined && { lid }) };
  }

  get isLinked(): boolean {
    return isLinked(this.#credentials);
  }

  /** Tells WhatsApp to unlink the device, and ends. */
  async unlink(reason: EndReason = 'logged-out'): Promise<void> {
    this.#cause ??= reason;
    if (this.isLinked) await this.socket.logout().catch(() => undefined);
    this.end(reason);
  }

  /** Ends it for a reason of ours. */
  end(reason: EndReason, failure?: unknown): void {
    this.#cause ??= reason;
    this.#failure ??= failure;
    void this.socket.end(undefined);
    this.#raw.terminate();
  }

  /** Ends it after what is on its way has left. */
  async close(): Promise<void> {
    this.#cause ??= 'unknown';
    const closing = this.socket.end(undefined);
    const timer = setTimeout(() => this.#raw.terminate(), 1_000);
    await closing;
    clearTimeout(timer);
  }

  #listen(intake: Intake, events: ConnectionEvents): void {
    const { ws, ev } = this.socket;
    ws.on('frame', () => this.#watchdog.seen());
    const hold = (take: (stanza: BinaryNode) => Promise<void>) => (stanza: BinaryNode) => {
      this.#gate.hold(
        take(stanza).catch((error: unknown) => {
          this.#fail(error);
          throw error;
        }),
      );
    };
    // Before the library's own listeners, so that the gate is closed when they answer.
    ws.prependListener(
      'CB:message',
      hold((stanza) => intake.message(stanza)),
    );
    for (const tag of ['call', 'receipt', 'notification']) {
      ws.prependListener(
        `CB:${tag}`,
        hold((stanza) => intake.stanza(stanza)),
      );
    }
    // The library's own listener would also send a presence with the account's name.
    ev.removeAllListeners('creds.update');
    ev.on('creds.update', (update) => {
      Object.assign(this.#credentials, update);
      this.#gate.hold(this.#commit([]));
    });
    ev.on('connection.update', ({ connection, qr, isNewLogin, lastDisconnect }) => {
      if (qr !== undefined) events.onQr(this, qr);
      if (isNewLogin === true) events.onLinked();
      if (connection === 'open') {
        this.#openedAt = Date.now();
        this.#import();
        events.onOpen(this);
      }
      if (connection === 'close') this.#closed(lastDisconnect?.error);
    });
  }

  #closed(error: (Error & { output?: { statusCode?: number } }) | undefined): void {
    this.#watchdog.end();
    // What the library still does with keys must not meet those of the next connection.
    this.commits.fail(new Error('The connection has ended.'));
    const reason = this.#cause ?? reasonOf(error?.output?.statusCode);
    const openMs = this.#openedAt === undefined ? 0 : Date.now() - this.#openedAt;
    this.#end({ reason, openMs, ...(this.#failure !== undefined && { failure: this.#failure }) });
  }

  async #commit(received: readonly Received[], changes?: StateChanges): Promise<void> {
    await this.commits.add(received, changes);
    this.#import();
  }

  #import(): void {
    this.#history.import((error) => this.#fail(error));
  }

  /** Keys that a decryption has moved are written together with what it gave. */
  async #writeKeys(changes: StateChanges, data: SignalDataSet): Promise<void> {
    const pending = pendingWithKeys.getStore();
    const mappings = mappingsIn(data);
    if (pending === undefined || pending.done) return this.#commit(mappings, changes);
    pending.done = true;
    await this.#commit([...pending.received, ...mappings], { ...pending.changes, ...changes });
  }

  #credentialChanges(): StateChanges {
    const text = writeCredentials(this.#credentials, this.#library);
    if (text === this.#saved) return {};
    this.#saved = text;
    return { [credentialsName]: text };
  }

  /** What cannot be read because the database is away is not unreadable: nothing goes on from there. */
  #recallingOf(session: WhatsAppSession): Pick<WhatsAppSession, 'recall' | 'recallMany'> {
    const orFail = async <Value>(reading: Promise<Value>): Promise<Value> => {
      try {
        return await reading;
      } catch (error) {
        this.#fail(error);
        throw error;
      }
    };
    return {
      recall: (name) => orFail(session.recall(name)),
      recallMany: (names) => orFail(session.recallMany(names)),
    };
  }

  /** Nothing can be committed any more: nothing may be acknowledged either. */
  #fail(error: unknown): void {
    this.commits.fail(error);
    this.end('unavailable', error);
  }
}

/** A device is linked once a phone has signed its identity. A number alone says that a code was asked for. */
export function isLinked(credentials: AuthenticationCreds | undefined): boolean {
  return credentials?.account !== undefined;
}

function rawSocketOf({ ws }: WASocket): RawSocket {
  const { socket } = ws as unknown as { socket?: RawSocket | null };
  if (!socket)
    throw new Error('The library has no socket: it is another version than the one that this was made for.');
  return socket;
}

function settingsOf({ settings }: WhatsAppSession, { proto }: Library) {
  const { socketUrl, history } = settings;
  const full = proto.HistorySync.HistorySyncType.FULL as unknown;
  return {
    waWebSocketUrl: socketUrl,
    logger: silentLogger,
    // Shown on the phone among its linked devices.
    browser: ['Archway', 'Chrome', '1'] as [string, string, string],
    // Said in so many words, since an environment variable can turn its default off.
    ...(socketUrl.startsWith('wss:') && { agent: new Agent({ rejectUnauthorized: true }) }),
    // The phone goes on to show notifications.
    markOnlineOnConnect: false,
    emitOwnEvents: false,
    syncFullHistory: history === 'full',
    // The library itself takes from it who is who.
    shouldSyncHistoryMessage: ({ syncType }: { syncType?: unknown }) =>
      history === 'full' || syncType !== full,
    // A commit that fails ends the connection; to wait and try again would hold up its end.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
  };
}
