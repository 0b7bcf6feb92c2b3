import { concatenate, frame, readInt32, readString } from './frames.js';

/** What a client has sent, cut where the server owes an answer. */
export type ClientMessage =
  | { readonly kind: 'encryption-request' }
  | { readonly kind: 'startup' }
  /** Cancel requests, and anything that is not the protocol: the connection ends. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'batch'; readonly batch: Batch };

/** Messages up to a Sync, Query or Flush: what is passed to the database in one call. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** Names of the prepared statements that it makes. */
  readonly prepares: readonly string[];
}

const sslRequest = 80877103;
const gssEncryptionRequest = 80877104;
const protocolVersion3 = 196608;
const startupLengthMax = 10_000;
const headerLength = 5;
const code = {
  parse: 0x50,
  execute: 0x45,
  query: 0x51,
  sync: 0x53,
  flush: 0x48,
  functionCall: 0x46,
  terminate: 0x58,
};
const endsBatch = new Set([code.query, code.sync, code.flush, code.functionCall]);

/**
 * Follows every statement. The engine reads from memory, so a COPY FROM STDIN finds the end of its input where
 * a server would wait, and the engine ends the whole session for it. With this it fails as a statement does;
 * outside a COPY the message means nothing.
 */
const copyFail = frame('f', 'the embedded database does not support COPY FROM STDIN; use INSERT');

/** Cuts the byte stream of one client. */
export class ClientMessageReader {
  #unread: Uint8Array = new Uint8Array(0);
  #started = false;
  #parts: Uint8Array[] = [];
  #prepares: string[] = [];

  read(bytes: Uint8Array): ClientMessage[] {
    this.#unread = this.#unread.length === 0 ? bytes : concatenate([this.#unread, bytes]);
    const messages: ClientMessage[] = [];
    for (let progress = true; progress; ) {
      progress = this.#started ? this.#readMessage(messages) : this.#readOpening(messages);
    }
    return messages;
  }

  /** Before the startup packet messages have no type byte. */
  #readOpening(messages: ClientMessage[]): boolean {
    const length = readInt32(this.#unread, 0);
    const request = readInt32(this.#unread, 4);
    if (length === undefined || request === undefined) return false;
    if (length < 8 || length > startupLengthMax) return this.#refuse(messages);
    if (this.#unread.length < length) return false;
    this.#unread = this.#unread.subarray(length);
    if (request === sslRequest || request === gssEncryptionRequest) {
      messages.push({ kind: 'encryption-request' });
      return true;
    }
    if (request !== protocolVersion3) return this.#refuse(messages);
    this.#started = true;
    messages.push({ kind: 'startup' });
    return true;
  }

  #readMessage(messages: ClientMessage[]): boolean {
    const length = readInt32(this.#unread, 1);
    if (length === undefined) return false;
    if (length < 4) return this.#refuse(messages);
    if (this.#unread.length < length + 1) return false;
    const message = this.#unread.subarray(0, length + 1);
    this.#unread = this.#unread.subarray(length + 1);
    const type = message[0] ?? 0;
    if (type === code.terminate) {
      messages.push({ kind: 'terminate' });
      return true;
    }
    this.#parts.push(message);
    if (type === code.parse) {
      const name = readString(message, headerLength);
      if (name !== '') this.#prepares.push(name);
    }
    if (type === code.execute || type === code.query) this.#parts.push(copyFail);
    if (endsBatch.has(type)) messages.push({ kind: 'batch', batch: this.#takeBatch() });
    return true;
  }

  #takeBatch(): Batch {
    const batch = { bytes: concatenate(this.#parts), prepares: this.#prepares };
    this.#parts = [];
    this.#prepares = [];
    return batch;
  }

  #refuse(messages: ClientMessage[]): false {
    this.#unread = new Uint8Array(0);
    messages.push({ kind: 'refused' });
    return false;
  }
}
