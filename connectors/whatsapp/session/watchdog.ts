/** The library asks for a sign of life every 30 seconds; an answer to none of these is silence. */
export const silenceMaxMs = 90_000;

/** Notices a socket that is open and says nothing, at whatever step. */
export class Watchdog {
  #timer: NodeJS.Timeout;
  readonly #onSilent: () => void;
  readonly #maxMs: number;

  constructor(onSilent: () => void, maxMs = silenceMaxMs) {
    this.#onSilent = onSilent;
    this.#maxMs = maxMs;
    this.#timer = setTimeout(onSilent, maxMs);
  }

  /** Something came. */
  seen(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilent, this.#maxMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
