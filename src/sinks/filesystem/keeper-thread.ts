import { Worker } from 'node:worker_threads';
import { Bundle } from './bundle.js';
import type { LaneKeeper } from './delivery.js';
import type { Filed, LaneOutcome } from './envelope-keeper.js';
import type { FromKeeper, KeeperTask, LaneOrder, ToKeeper } from './keeper-messages.js';

interface Pending {
  readonly size: number;
  readonly isStopped: () => boolean;
  readonly resolve: (outcome: LaneOutcome) => void;
}

/** How soon a stop reaches the thread. */
const stopCheckMs = 50;

/**
 * An `EnvelopeKeeper` on a thread of its own, started when there is first something to keep, and again if it should end. What it
 * had in hand then is answered as a disk that is away: the same envelopes come again, and find what was kept.
 */
export class KeeperThread implements LaneKeeper {
  readonly #pending = new Map<number, Pending>();
  readonly #orders = new Bundle<LaneOrder>((orders) => {
    const memory = orders.flatMap(({ lane }) => lane.map(({ bytes }) => bytes.buffer as ArrayBuffer));
    this.#send({ orders }, memory);
  });
  #worker: Worker | undefined;
  #lastNumber = 0;
  #stopCheck: NodeJS.Timeout | undefined;

  constructor(
    private readonly task: KeeperTask,
    private readonly file = workerFile(),
  ) {}

  keepLane(lane: readonly Filed[], isStopped: () => boolean): Promise<LaneOutcome> {
    return new Promise((resolve) => {
      this.#lastNumber += 1;
      this.#pending.set(this.#lastNumber, { size: lane.length, isStopped, resolve });
      this.#orders.add({ number: this.#lastNumber, lane: lane.map(withBytesOfItsOwn) });
      this.#stopCheck ??= setInterval(() => this.#passOnStops(), stopCheckMs);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #send(message: ToKeeper, memory: ArrayBuffer[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, memory);
  }

  #start(): Worker {
    const worker = new Worker(this.file, { workerData: this.task });
    worker.on('message', (ended: FromKeeper) => {
      for (const { number, outcome } of ended) this.#settle(number, outcome);
    });
    let reason = 'it ended by itself';
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#giveUp(reason);
    });
    return worker;
  }

  #giveUp(reason: string): void {
    const message = `Archive directory ${this.task.root}: the thread that writes there broke off (${reason}).`;
    for (const [number, { size }] of this.#pending) {
      this.#settle(number, new Array(size).fill({ kind: 'unavailable', message }));
    }
  }

  #settle(number: number, outcome: LaneOutcome): void {
    this.#pending.get(number)?.resolve(outcome);
    this.#pending.delete(number);
    if (this.#pending.size > 0) return;
    clearInterval(this.#stopCheck);
    this.#stopCheck = undefined;
  }

  #passOnStops(): void {
    for (const [number, { isStopped }] of this.#pending) {
      if (isStopped()) this.#send({ stop: number });
    }
  }
}

/** Bytes that share their memory with others would take all of it along. */
function withBytesOfItsOwn(filed: Filed): Filed {
  return { ...filed, bytes: new Uint8Array(filed.bytes) };
}

/** The compiled worker: Node cannot run TypeScript in a worker thread, so the sources, which only tests run, use what the build made. */
function workerFile(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(
    fromSource ? '../../../dist/src/sinks/filesystem/keeper-worker.js' : './keeper-worker.js',
    import.meta.url,
  );
}
