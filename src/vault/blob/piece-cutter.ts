/** Cuts a stream of pieces of any size into pieces of one size, of which the last may be shorter. */
export class PieceCutter {
  readonly #buffer: Uint8Array;
  #filledLength = 0;

  constructor(length: number) {
    this.#buffer = new Uint8Array(length);
  }

  /**
   * Yields what is full. A piece is full only when a byte comes after it, so `rest` is never empty unless nothing was
   * ever added. What is yielded is overwritten when the next is asked for.
   */
  *add(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    let offset = 0;
    while (offset < piece.length) {
      if (this.#filledLength === this.#buffer.length) {
        yield this.#buffer;
        this.#filledLength = 0;
      }
      const taken = piece.subarray(offset, offset + this.#buffer.length - this.#filledLength);
      this.#buffer.set(taken, this.#filledLength);
      this.#filledLength += taken.length;
      offset += taken.length;
    }
  }

  /** What is left when nothing more comes: the last piece. */
  get rest(): Uint8Array {
    return this.#buffer.subarray(0, this.#filledLength);
  }
}
