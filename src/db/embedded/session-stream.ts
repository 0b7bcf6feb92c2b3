import { Duplex } from 'node:stream';

export interface SessionStreamOptions {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** The client has written its last. */
  end(): void;
  /** The stream is over, for whatever reason. */
  gone(): void;
}

type Done = (error?: Error | null) => void;

/** One connection to the embedded database, as the `postgres` driver expects a socket to be. */
export class SessionStream extends Duplex {
  constructor(private readonly options: SessionStreamOptions) {
    super({ allowHalfOpen: true });
  }

  /** The driver closes only sockets that say that they are open. */
  get readyState(): 'open' | 'closed' {
    return this.destroyed ? 'closed' : 'open';
  }

  receive(bytes: Uint8Array): void {
    // The engine has already given all of its answer, so there is nobody to hold back.
    this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  override _read(): void {
    // Bytes are pushed as they arrive.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    // Copied, since the driver's small buffers share their memory with others. The driver bounds how much it
    // has under way, so writing does not wait.
    this.options.send(new Uint8Array(chunk));
    done();
  }

  override _final(done: Done): void {
    this.options.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.options.gone();
    done(error);
  }
}

/**
 * A connection that fails as one to a server that is not there. It fails at the first write and not before:
 * the driver loses track of a connection that ends while its first bytes are still waiting to be written.
 */
export function refusedStream(error: Error): Duplex {
  return new Duplex({
    read() {
      // There is nothing to read.
    },
    write(_chunk, _encoding, done) {
      done(error);
    },
  });
}
