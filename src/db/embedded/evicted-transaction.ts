import type { Batch } from './client-messages.js';
import { frame, readInt32, readString } from './frames.js';

/**
 * Answers a client whose transaction was rolled back over its head, as a server answers in a failed
 * transaction: every statement is refused until the client ends it. Unlike on a server a COMMIT is refused too,
 * since the client has not yet been told.
 */
export class EvictedTransaction {
  readonly #error: Uint8Array;
  #skipsToSync = false;

  constructor(message: string) {
    this.#error = frame('E', 'SERROR', 'VERROR', 'C25P03', `M${message}`, new Uint8Array(1));
  }

  /** What to send for a batch; `rollback` means that the batch is to be run: it ends the transaction. */
  answer(batch: Batch): { bytes: Uint8Array[]; ended: boolean } | 'rollback' {
    const { statement, last } = inspect(batch.bytes);
    if (/^\s*(rollback|abort)\b(?!.*\bto\b)/is.test(statement)) return 'rollback';
    const ended = /^\s*(commit|end)\b/i.test(statement);
    const bytes = this.#skipsToSync ? [] : [this.#error];
    this.#skipsToSync = last === 'H';
    if (!this.#skipsToSync) bytes.push(frame('Z', new TextEncoder().encode(ended ? 'I' : 'E')));
    return { bytes, ended };
  }
}

/** The text of the last statement in the messages, and the type of the last message that owes an answer. */
function inspect(bytes: Uint8Array): { statement: string; last: string } {
  let statement = '';
  let last = '';
  for (let offset = 0; offset < bytes.length; offset += 1 + (readInt32(bytes, offset + 1) ?? bytes.length)) {
    const type = String.fromCharCode(bytes[offset] ?? 0);
    const content = offset + 5;
    if (type === 'Q') statement = readString(bytes, content);
    if (type === 'P') statement = readString(bytes, bytes.indexOf(0, content) + 1);
    if (type === 'Q' || type === 'S' || type === 'H' || type === 'F') last = type;
  }
  return { statement, last };
}
