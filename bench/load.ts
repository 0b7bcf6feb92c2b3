import { connect } from 'node:net';

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

/** One connection. A single listener and no promise for each exchange: the load runs on the cores of what it measures. */
function converse(
  { port, next }: LoadOptions,
  deadline: number,
  observe: (latencyMs: number, ok: boolean) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let answer = '';
    let sentAt = 0;
    const send = () => {
      const now = performance.now();
      const request = now < deadline ? next() : undefined;
      if (request === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      answer = '';
      sentAt = now;
      socket.write(request);
    };
    socket.once('connect', send);
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
      if (!isComplete(answer)) return;
      const status = Number(answer.slice(9, 12));
      observe(performance.now() - sentAt, status >= 200 && status < 300);
      send();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The server closed the connection.')));
  });
}

function isComplete(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const announced = /\r\ncontent-length: (\d+)/i.exec(answer);
  if (announced !== null) return answer.length >= headEnd + 4 + Number(announced[1]);
  return answer.startsWith('HTTP/1.1 204') || answer.endsWith('0\r\n\r\n');
}
