/** What the main thread and the database worker say to each other. Bytes are transferred, not copied. */

export interface WorkerTask {
  /** `create` makes a new cluster in the directory and ends; `serve` opens it and answers until `close`. */
  readonly task: 'create' | 'serve';
  readonly directory: string;
  /** One 32-bit counter: how often a file was forced to disk. */
  readonly syncCount: SharedArrayBuffer;
  readonly idleInTransactionMs: number;
}

export type ToWorker =
  | { readonly kind: 'data'; readonly port: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The client has ended its side: what it sent before is still done. */
  | { readonly kind: 'end'; readonly port: number }
  /** The client is gone: what has not begun is not done. */
  | { readonly kind: 'drop'; readonly port: number }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'data'; readonly port: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'closed'; readonly port: number }
  /** The last message of a worker that cannot go on. */
  | { readonly kind: 'failed'; readonly reason: string };
