import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** A connection whose bytes the test writes itself: what a well-behaved client would never send. */
export class RawConnection {
  readonly #socket: Socket;
  #received = '';
  /** Resolves with all that was received when the other side has ended the connection. */
  readonly closed: Promise<string>;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setMaxListeners(0);
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1');
    });
    // Being cut off is what these tests wait for: `closed` tells of it.
    this.#socket.on('error', () => this.#socket.destroy());
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', () => resolve(this.#received));
    });
    onTestFinished(() => void this.#socket.destroy());
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Resolves when the kernel has taken the bytes, or the connection is over. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.isOpen) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** What has come when there is a whole head of a reply, or the connection is over. */
  async firstReply(): Promise<string> {
    while (this.isOpen && !this.#received.includes('\r\n\r\n')) await sleep(20);
    return this.#received;
  }

  /** Writes one byte after the other, with a pause between, until all are written or the other side has had enough. */
  async trickle(bytes: Uint8Array, pauseMs: number): Promise<void> {
    for (const byte of bytes) {
      if (!this.isOpen) return;
      await this.write(Uint8Array.of(byte));
      await sleep(pauseMs);
    }
  }
}
