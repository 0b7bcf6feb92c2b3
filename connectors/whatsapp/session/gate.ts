/** What a WebSocket of `ws` has to send with. */
export interface Sending {
  send(data: unknown, sent?: (error?: Error) => void): void;
}

/**
 * Holds back everything that leaves a socket until what was to be committed before it has been committed: receipts,
 * acknowledgements, answers. After a commit that failed nothing leaves at all.
 *
 * Frames carry a counter of the encryption, so their order is kept.
 */
export class Gate {
  #barrier: Promise<void> = Promise.resolve();
  #shut = false;

  constructor(socket: Sending) {
    const send = socket.send.bind(socket);
    let last: Promise<void> = Promise.resolve();
    socket.send = (data, sent) => {
      const before = this.#barrier;
      last = last
        .then(() => before)
        .then(
          // The library is not told that a frame was held back for good: it leaves such errors unhandled in places, and the
          // connection ends anyway.
          () => (this.#shut ? sent?.() : send(data, sent)),
          () => sent?.(),
        )
        .then(() => undefined);
    };
  }

  /** MUST be called in the same turn in which the thing came that is to be committed. */
  hold(commit: Promise<unknown>): void {
    this.#barrier = Promise.all([this.#barrier, commit]).then(() => undefined);
    // Whoever sends behind it hears of it.
    this.#barrier.catch(() => {
      this.#shut = true;
    });
  }
}
