export interface WorkLoopOptions {
  /** Does one portion; true when more may be waiting. */
  readonly work: () => Promise<boolean>;
  /** How long to sleep when nothing waits and nobody wakes the loop. */
  readonly pollMs: number;
  /** Told of each error; the loop goes on after a pause. */
  readonly onError: (error: unknown) => void;
}

const errorPauseMs = 1_000;

/**
 * Runs one portion of work after another and sleeps while there is none. Notifications wake it early; the poll makes sure
 * that a lost notification costs a moment and nothing else.
 */
export class WorkLoop {
  readonly #options: WorkLoopOptions;
  #stopping = false;
  #woken = false;
  #endSleep: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(options: WorkLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#endSleep?.();
  }

  /** Resolves when the portion in hand is finished. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#woken = false;
      const pauseMs = await this.#portion();
      if (pauseMs > 0 && !this.#woken && !this.#stopping) await this.#sleep(pauseMs);
    }
  }

  async #portion(): Promise<number> {
    try {
      return (await this.#options.work()) ? 0 : this.#options.pollMs;
    } catch (error) {
      this.#options.onError(error);
      return errorPauseMs;
    }
  }

  async #sleep(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.#endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endSleep = undefined;
  }
}
