import type { Readable, Writable } from 'node:stream';

/** Everything that a command touches of its process, so that a test can stand in for it. */
export interface Io {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Undefined: nobody is there to answer. */
  readonly stdin?: Readable | undefined;
  /** Undefined: the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Writes and waits until the text is on its way, so that a slow reader slows us down instead of filling our memory. Returns
 * false when the reader has gone, as `head` does when it has enough: not an error of ours.
 */
export function write(stream: Writable, text: string): Promise<boolean> {
  return writeBytes(stream, text);
}

/** The same for bytes. */
export function writeBytes(stream: Writable, bytes: Uint8Array | string): Promise<boolean> {
  if (stream.destroyed) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => {
      if (error === null || error === undefined) resolve(true);
      else if (isClosed(error)) resolve(false);
      else reject(error);
    });
  });
}

function isClosed(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END';
}

export function isTerminal(stream: Writable | Readable): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}
