import type { Received, Session, StateChanges } from 'archway/sdk';

interface Waiting {
  readonly received: readonly Received[];
  readonly changes: StateChanges;
  settle(): void;
  refuse(error: unknown): void;
}

/**
 * Commits one after the other, in the order in which they were asked for; what is asked for while one is under way shares the
 * next. After one has failed all others fail too: what is behind it must not be acknowledged before it.
 */
export class Commits {
  readonly #session: Pick<Session<unknown>, 'emit'>;
  readonly #onFailed: (error: unknown) => void;
  /** What else has changed by the time of a commit, such as the credentials. */
  readonly #also: () => StateChanges;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    session: Pick<Session<unknown>, 'emit'>,
    also: () => StateChanges,
    onFailed: (error: unknown) => void,
  ) {
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
      const changes = Object.assign({}, ...together.map((each) => each.changes), this.#also());
      await this.#session.emit(received, changes);
    } catch (error) {
      if (this.#failure === undefined) this.#onFailed(error);
      this.fail(error);
      for (const each of together) each.refuse(error);
      return;
    }
    for (const each of together) each.settle();
  }
}
