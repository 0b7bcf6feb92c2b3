import { type Batch, type ClientMessage, ClientMessageReader } from './client-messages.js';
import { EvictedTransaction } from './evicted-transaction.js';
import { closeStatementFrame, concatenate, queryFrame, syncFrame } from './frames.js';
import { readAnswer } from './server-messages.js';

export interface SharedSessionOptions {
  /** Runs client messages in the one session and gives all that it answers. Throws when the session is lost. */
  execute(messages: Uint8Array): Uint8Array<ArrayBuffer>;
  /** What a server sends to a client that has been let in, up to ReadyForQuery. */
  readonly greeting: Uint8Array;
  send(port: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** The port is over: nothing more is sent to it. */
  closed(port: number): void;
  /** How long a port may sit in an open transaction while others wait. */
  readonly idleInTransactionMs: number;
}

interface Port {
  readonly id: number;
  readonly reader: ClientMessageReader;
  readonly batches: Batch[];
  readonly statements: Set<string>;
  listens: boolean;
  ending: boolean;
  evicted: EvictedTransaction | undefined;
}

const encryptionRefused = new TextEncoder().encode('N');

/**
 * Lets many clients share the one session of an embedded database as if each had its own. A port that is inside
 * a transaction, or between a Parse and its Sync, holds the session; the others wait and then take turns.
 *
 * What belongs to a session is shared by all ports: SET, temporary tables, session-level advisory locks, and
 * UNLISTEN, which ends a channel for every port. Startup parameters are not applied.
 */
export class SharedSession {
  readonly #ports = new Map<number, Port>();
  /** Ports with work, in the order of their turns. */
  readonly #turns = new Set<Port>();
  #holder: Port | undefined;
  /** Statements of ports that have gone; released when the session is free. */
  #abandonedStatements: string[] = [];
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SharedSessionOptions) {}

  /** Nobody is in a transaction and nobody waits. */
  get isFree(): boolean {
    return this.#holder === undefined && this.#turns.size === 0;
  }

  receive(id: number, bytes: Uint8Array): void {
    const port = this.#ports.get(id) ?? this.#open(id);
    for (const message of port.reader.read(bytes)) this.#accept(port, message);
    this.#run();
  }

  /** The client will send no more; what it sent is still done, an open transaction is rolled back. */
  end(id: number): void {
    const port = this.#ports.get(id);
    if (port === undefined) {
      this.options.closed(id);
      return;
    }
    port.ending = true;
    this.#run();
    this.#retire(port);
    this.#run();
  }

  /** The client has gone; what has not begun is not done. */
  drop(id: number): void {
    const port = this.#ports.get(id);
    if (port === undefined) return;
    port.batches.length = 0;
    this.#turns.delete(port);
    this.end(id);
  }

  /** Does what has been received, rolls back what was left open, ends every port. */
  finish(): void {
    this.#run();
    while (this.#holder !== undefined) {
      this.end(this.#holder.id);
    }
    for (const id of [...this.#ports.keys()]) this.end(id);
  }

  #open(id: number): Port {
    const port: Port = {
      id,
      reader: new ClientMessageReader(),
      batches: [],
      statements: new Set(),
      listens: false,
      ending: false,
      evicted: undefined,
    };
    this.#ports.set(id, port);
    return port;
  }

  #accept(port: Port, message: ClientMessage): void {
    switch (message.kind) {
      case 'encryption-request':
        this.options.send(port.id, encryptionRefused.slice());
        return;
      case 'startup':
        this.options.send(port.id, new Uint8Array(this.options.greeting));
        return;
      case 'batch':
        if (port.ending) return;
        port.batches.push(message.batch);
        this.#turns.add(port);
        return;
      case 'refused':
      case 'terminate':
        this.end(port.id);
        return;
    }
  }

  #run(): void {
    for (let port = this.#next(); port !== undefined; port = this.#next()) {
      this.#runBatch(port);
      this.#retire(port);
    }
    this.#watchHolder();
  }

  #next(): Port | undefined {
    if (this.#holder !== undefined) return this.#turns.has(this.#holder) ? this.#holder : undefined;
    const [first] = this.#turns;
    return first;
  }

  #runBatch(port: Port): void {
    this.#turns.delete(port);
    const batch = port.batches.shift();
    if (batch === undefined) return;
    if (port.evicted === undefined) this.#execute(port, batch);
    else this.#refuse(port, batch, port.evicted);
    if (port.batches.length > 0) this.#turns.add(port);
    if (this.#holder === undefined) this.#releaseStatements();
  }

  #execute(port: Port, batch: Batch): void {
    for (const name of batch.prepares) port.statements.add(name);
    const answer = readAnswer(this.options.execute(batch.bytes));
    this.#holder = answer.status === 'idle' ? undefined : port;
    port.listens ||= answer.listens;
    this.#notify(answer.notifications);
    if (answer.bytes.length > 0) this.options.send(port.id, answer.bytes);
  }

  #refuse(port: Port, batch: Batch, evicted: EvictedTransaction): void {
    const answer = evicted.answer(batch);
    if (answer === 'rollback') {
      // With a transaction to end, the rollback is answered without a warning.
      this.options.execute(queryFrame('BEGIN'));
      this.#execute(port, batch);
      port.evicted = undefined;
      return;
    }
    if (answer.ended) port.evicted = undefined;
    this.options.send(port.id, concatenate(answer.bytes));
  }

  #notify(notifications: readonly Uint8Array[]): void {
    if (notifications.length === 0) return;
    for (const port of this.#ports.values()) {
      if (port.listens) this.options.send(port.id, concatenate(notifications));
    }
  }

  /** Ends a port that is ending and has nothing left to do. */
  #retire(port: Port): void {
    if (!port.ending || port.batches.length > 0 || !this.#ports.delete(port.id)) return;
    if (this.#holder === port) this.#rollBack();
    this.#abandonedStatements.push(...port.statements);
    if (this.#holder === undefined) this.#releaseStatements();
    this.options.closed(port.id);
  }

  /** Ends the holder's transaction, or what it has begun without a Sync. */
  #rollBack(): void {
    const rollback = concatenate([syncFrame, queryFrame('ROLLBACK')]);
    this.#notify(readAnswer(this.options.execute(rollback)).notifications);
    this.#holder = undefined;
  }

  #releaseStatements(): void {
    if (this.#abandonedStatements.length === 0) return;
    const closes = this.#abandonedStatements.map(closeStatementFrame);
    this.#abandonedStatements = [];
    this.#notify(readAnswer(this.options.execute(concatenate([...closes, syncFrame]))).notifications);
  }

  /** A transaction that awaits a statement outside itself would wait for ever: this turns it into an error. */
  #watchHolder(): void {
    clearTimeout(this.#idleTimer);
    const holder = this.#holder;
    if (holder === undefined || this.#turns.size === 0) return;
    this.#idleTimer = setTimeout(() => this.#evict(holder), this.options.idleInTransactionMs);
  }

  #evict(port: Port): void {
    const message =
      `The transaction was rolled back: it was idle for ${this.options.idleInTransactionMs} ms while other ` +
      'statements waited. The embedded database runs one transaction at a time; inside a transaction use only ' +
      'its own handle.';
    port.evicted = new EvictedTransaction(message);
    this.#rollBack();
    this.#run();
  }
}
