import { connect, type Socket } from 'node:net';

/** What a run of load showed. Times in milliseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  /** The next request, ready for the wire; undefined when there are no more. */
  readonly next: () => Buffer | undefined;
}

/**
 * A closed loop: each connection sends its next request when the answer to the last has come. Requests are made beforehand
 * and answers are hardly parsed, so that on a small machine the load takes little from what is measured.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  let failures = 0;
  const start = performance.now();
  const deadline = start + options.durationMs;
  const observe = (latencyMs: number, ok: boolean) => {
    latencies.push(latencyMs);
    if (!ok) failures += 1;
  };
  await Promise.all(Array.from({ length: options.connections }, () => converse(options, deadline, observe)));
  const elapsedSeconds = (performance.now() - start) / 1_000;
  latencies.sort((left, right) => left - right);
  const quantile = (share: number) => quantileOfSorted(latencies, share);
  return {
    requests: latencies.length,
    failures,
    ratePerSecond: Math.round(latencies.length / elapsedSeconds),
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
  };
}

export function quantileOf(values: readonly number[], share: number): number {
  return quantileOfSorted(
    values.toSorted((left, right) => left - right),
    share,
  );
}

function quantileOfSorted(values: readonly number[], share: number): number {
  return round(values[Math.floor(values.length * share)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

async function converse(
  { port, next }: LoadOptions,
  deadline: number,
  observe: (latencyMs: number, ok: boolean) => void,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  try {
    for (let request = next(); request !== undefined && performance.now() < deadline; request = next()) {
      const sentAt = performance.now();
      const status = await exchange(socket, request);
      observe(performance.now() - sentAt, status >= 200 && status < 300);
    }
  } finally {
    socket.destroy();
  }
}

/** Sends one request and resolves with the status when the whole answer is there. */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const finish = (settle: () => void) => {
      socket.off('data', onData);
      socket.off('error', onError);
      socket.off('close', onClose);
      settle();
    };
    const onData = (bytes: Buffer) => {
      answer += bytes.toString('latin1');
      if (isComplete(answer)) finish(() => resolve(Number(answer.slice(9, 12))));
    };
    const onError = (error: Error) => finish(() => reject(error));
    const onClose = () => finish(() => reject(new Error('The server closed the connection.')));
    socket.on('data', onData);
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.write(request);
  });
}

function isComplete(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, headEnd));
  if (length !== null) return answer.length >= headEnd + 4 + Number(length[1]);
  return answer.startsWith('HTTP/1.1 204') || answer.endsWith('0\r\n\r\n');
}
