import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, type LinkOrder, type SessionHealth } from 'archway/sdk';
import { isWhatsApp, whatsappSocket } from '../settings.js';
import {
  Connection,
  type ConnectionEvents,
  type Ended,
  isLinked,
  type WhatsAppSession,
} from './connection.js';
import { handleOf } from './handle.js';
import { historyNames } from './history.js';
import { credentialsName, keyGroup, readCredentials } from './key-store.js';
import { type Library, loadLibrary } from './library.js';
import { Linking } from './linking.js';
import { Pruning } from './pruning.js';
import { nextStep, readStanding, type Standing, standingAfter } from './reconnect.js';

const standingName = 'standing';

const pruneEveryMs = 60 * 60 * 1_000;

const notLinked: SessionHealth = {
  state: 'awaiting-pairing',
  detail: 'No phone is linked.',
  action: 'Link one: archway account link',
};

/** Keeps the linked device of one account connected, until the session ends. */
export async function run(session: WhatsAppSession): Promise<void> {
  requireAllowedSocket(session);
  const library = await loadLibrary();
  await new Device(session, library).run();
}

function requireAllowedSocket({ settings, allowTestEndpoints }: WhatsAppSession): void {
  if (isWhatsApp(settings) || allowTestEndpoints) return;
  throw new Failure(
    'config',
    `The setting socketUrl is not WhatsApp’s own (${whatsappSocket}). Another one is for tests, and needs ARCHWAY_ALLOW_TEST_ENDPOINTS=1.`,
  );
}

/** The linked device over all its connections, and what the operator asks of it. */
class Device {
  readonly #session: WhatsAppSession;
  readonly #library: Library;
  readonly #pruning: Pruning;
  #standing: Standing | undefined;
  #linking: Linking | undefined;
  /** A phone has been linked in this run, and its session was not open yet. */
  #isNew = false;
  /** Asked for while there was a connection. */
  #unlinking = false;

  constructor(session: WhatsAppSession, library: Library) {
    this.#session = session;
    this.#library = library;
    this.#pruning = new Pruning(session);
  }

  async run(): Promise<void> {
    const { signal } = this.#session;
    const timer = setInterval(() => this.#prune(), pruneEveryMs);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    this.#standing = readStanding(await this.#session.recall(standingName));
    let wait = await this.#whyWait();
    while (!signal.aborted) {
      if (wait !== undefined) {
        this.#session.report(wait);
        const order = await this.#session.nextOrder(signal);
        if (order === undefined) return;
        wait = await this.#obey(order);
        if (wait !== undefined) continue;
      }
      wait = await this.#connect();
    }
  }

  /** Whether the operator has to say something before anything is tried, also after a restart. */
  async #whyWait(): Promise<SessionHealth | undefined> {
    const step = this.#standing && nextStep(this.#standing, 0);
    if (step?.kind === 'wait') return step.health;
    return (await this.#isLinked()) ? undefined : notLinked;
  }

  async #isLinked(): Promise<boolean> {
    const text = await this.#session.recall(credentialsName);
    return text !== undefined && isLinked(readCredentials(text, this.#library));
  }

  /** With no connection. Undefined when there is one to be made. */
  async #obey(order: LinkOrder): Promise<SessionHealth | undefined> {
    if (order.kind === 'unlink') {
      await this.#forget();
      return notLinked;
    }
    await this.#stand(undefined);
    if (await this.#isLinked()) return undefined;
    await this.#forget();
    this.#linking = new Linking(this.#session, order);
    return undefined;
  }

  /** One connection, and the pause after it. Returns why to wait for the operator, if so. */
  async #connect(): Promise<SessionHealth | undefined> {
    const { signal } = this.#session;
    this.#session.report({ state: 'connecting' });
    const text = await this.#session.recall(credentialsName);
    const connection = new Connection(this.#session, this.#library, text, this.#events());
    const ending = () => void connection.close();
    signal.addEventListener('abort', ending, { once: true });
    if (signal.aborted) ending();
    const over = new AbortController();
    const ordered = this.#heed(connection, AbortSignal.any([signal, over.signal]));
    const ended = await connection.ended;
    // What is still being committed must not meet the next connection. A run that has to end does not wait for it.
    await Promise.race([connection.commits.settled(), whenAborted(signal)]);
    over.abort();
    signal.removeEventListener('abort', ending);
    this.#session.offer(undefined);
    await ordered;
    if (signal.aborted) return undefined;
    return this.#after(ended);
  }

  /** Orders that come while there is a connection. */
  async #heed(connection: Connection, signal: AbortSignal): Promise<void> {
    for (;;) {
      const order = await this.#session.nextOrder(signal).catch(() => undefined);
      if (order === undefined) return;
      if (order.kind === 'unlink') {
        this.#unlinking = true;
        await connection.unlink();
      } else if (!connection.isLinked) {
        this.#linking = new Linking(this.#session, order);
        connection.end('restart-required');
      }
    }
  }

  async #after({ reason: why, openMs, failure }: Ended): Promise<SessionHealth | undefined> {
    if (failure !== undefined) throw failure;
    if (this.#unlinking) {
      this.#unlinking = false;
      await this.#forget();
      return notLinked;
    }
    const linking = this.#linking;
    const unlinkedYet = linking !== undefined && !(await this.#isLinked());
    const reason = unlinkedYet && why !== 'restart-required' ? 'not-linked-in-time' : why;
    if (reason === 'not-linked-in-time' || !unlinkedYet) {
      await linking?.end();
      this.#linking = undefined;
    }
    const { signal, now } = this.#session;
    const standing = standingAfter(this.#standing, reason, { openMs, now: now() });
    await this.#stand(standing);
    const step = nextStep(standing, Math.random());
    if (step.kind === 'wait') {
      if (step.forget) await this.#forget();
      return step.health;
    }
    this.#session.report(step.health);
    await sleep(step.delayMs, undefined, { signal }).catch(() => undefined);
    return undefined;
  }

  #events(): ConnectionEvents {
    return {
      onQr: (connection, text) => void this.#linking?.show(connection, text),
      onLinked: () => {
        this.#isNew = true;
        this.#session.report({ state: 'connecting', detail: 'A phone has been linked.' });
        void this.#linking?.end();
      },
      onOpen: (connection) => {
        const expected = this.#session.settings.number;
        if (expected !== undefined && connection.own.pn !== `${expected.slice(1)}@s.whatsapp.net`) {
          // Of a phone that was linked before, the setting may be what is wrong.
          if (this.#isNew) void connection.unlink('other-phone');
          else connection.end('other-number');
          this.#isNew = false;
          return;
        }
        this.#isNew = false;
        this.#session.report({ state: 'open' });
        this.#prune();
        this.#session.offer(handleOf(connection, this.#library));
      },
    };
  }

  /** If it fails it is tried again; nothing hangs on it. */
  #prune(): void {
    void this.#pruning.run().catch(() => undefined);
  }

  async #stand(standing: Standing | undefined): Promise<void> {
    this.#standing = standing;
    const kept = standing === undefined ? null : JSON.stringify(standing);
    await this.#session.emit([], { [standingName]: kept });
  }

  /** The keys of a device that is linked no more. What is known of chats and messages stays. */
  async #forget(): Promise<void> {
    await this.#session.forget([keyGroup]);
    const names = [credentialsName, ...historyNames];
    await this.#session.emit([], Object.fromEntries(names.map((name) => [name, null])));
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
