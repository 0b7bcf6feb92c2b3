import { Duplex } from 'node:stream';

export interface DriverStreamOptions {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** The client has written its last. */
  end(): void;
  /** The stream is over, for whatever reason. */
  gone(): void;
}

type Done = (error?: Error | null) => void;

/**
 * One connection to a database, as the `postgres` driver expects a socket to be, with the one difference that the driver
 * survives its loss (see `_destroy`).
 */
export class DriverStream extends Duplex {
  constructor(private readonly options: DriverStreamOptions) {
    super({ emitClose: false });
  }

  /** The driver closes only sockets that say that they are open. */
  get readyState(): 'open' | 'closed' {
    return this.destroyed ? 'closed' : 'open';
  }

  receive(bytes: Uint8Array): void {
    // What a query answers is taken whole: the driver collects the rows in memory all the same.
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
    // Later than the error: in between the driver writes what its callers do about it (ROLLBACK), and writing to
    // a connection whose close it has seen throws where nobody can catch it.
    setImmediate(() => setImmediate(() => this.emit('close')));
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
