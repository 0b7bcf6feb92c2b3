import { concatenate, readInt32, readString } from './frames.js';

/** What the database answered to one call. */
export interface Answer {
  /** All of it without the notifications. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** NotificationResponse messages, as sent. */
  readonly notifications: readonly Uint8Array[];
  /** The transaction status of the ReadyForQuery that ends the answer; none when the answer goes on. */
  readonly status: 'idle' | 'transaction' | 'failed' | undefined;
  /** A LISTEN was executed. */
  readonly listens: boolean;
}

const headerLength = 5;
const code = { notification: 0x41, commandComplete: 0x43, readyForQuery: 0x5a };
const statuses = { I: 'idle', T: 'transaction', E: 'failed' } as const;
const listenTagLength = headerLength + 'LISTEN\0'.length;

export function readAnswer(output: Uint8Array<ArrayBuffer>): Answer {
  const kept: Uint8Array[] = [];
  const notifications: Uint8Array[] = [];
  let keptUntil = 0;
  let status: Answer['status'];
  let listens = false;
  for (let offset = 0; offset < output.length; ) {
    const length = readInt32(output, offset + 1);
    if (length === undefined) break;
    const end = offset + 1 + length;
    const type = output[offset];
    status = undefined;
    if (type === code.readyForQuery) {
      status = statuses[String.fromCharCode(output[offset + headerLength] ?? 0) as keyof typeof statuses];
    } else if (type === code.notification) {
      notifications.push(output.slice(offset, end));
      kept.push(output.subarray(keptUntil, offset));
      keptUntil = end;
    } else if (type === code.commandComplete && end - offset === listenTagLength) {
      listens ||= readString(output, offset + headerLength) === 'LISTEN';
    }
    offset = end;
  }
  const bytes = keptUntil === 0 ? output : concatenate([...kept, output.subarray(keptUntil)]);
  return { bytes, notifications, status, listens };
}

/** Collects output of unknown length with few copies. */
export class OutputBuffer {
  #bytes = new Uint8Array(16_384);
  #length = 0;

  append(part: Uint8Array): void {
    const needed = this.#length + part.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#length);
    this.#length = needed;
  }

  /** What was collected, in memory of its own; begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    if (this.#bytes.length > 1_048_576) this.#bytes = new Uint8Array(16_384);
    this.#length = 0;
    return taken;
  }
}
