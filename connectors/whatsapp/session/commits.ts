import type { Received, Session, StateChanges } from 'archway/sdk';

interface Waiting {
  readonly received: readonly Received[];
  readonly changes: StateChanges;
  settle(): void;
  refuse(error: unknown): void;
}

/** What else belongs to a commit, such as the credentials; asked when the one before it is done. */
type Also = (changes: StateChanges) => Promise<{ received: readonly Received[]; changes: StateChanges }>;

/**
 * Commits one after the other, in the order in which they were asked for; what is asked for while one is under way shares the
 * next. After one has failed all others fail too: what is behind it must not be acknowledged before it.
 */
export class Commits {
  readonly #session: Pick<Session<unknown>, 'emit'>;
  readonly #onFailed: (error: unknown) => void;
  readonly #also: Also;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(session: Pick<Session<unknown>, 'emit'>, also: Also, onFailed: (error: unknown) => void) {
    this.#session = session;
    this.#also = also;
    this.#onFailed = onFailed;
  }

  /** MUST be committed when it resolves; nothing of it is when it is rejected. */
  add(received: readonly Received[], changes: StateChanges = {}): Promise<void> {
    return new Promise((settle, refuse) => {
      this.#waiting.push({ received, changes, settle, refuse });
      this.#running ??= this.#run();
    });
  }

  /** From now on everything is refused. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      await this.#commit(together);
    }
    this.#running = undefined;
  }

  async #commit(together: readonly Waiting[]): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      const received = together.flatMap((each) => each.received);
      const changes: StateChanges = Object.assign({}, ...together.map((each) => each.changes));
      const also = await this.#also(changes);
      await this.#session.emit([...received, ...also.received], { ...changes, ...also.changes });
    } catch (error) {
      if (this.#failure === undefined) this.#onFailed(error);
      this.fail(error);
      for (const each of together) each.refuse(error);
      return;
    }
    for (const each of together) each.settle();
  }
}
