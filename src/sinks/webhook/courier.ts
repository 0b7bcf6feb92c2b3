import { type Delivery, type Evidence, Failure, type Outcome, type SinkContext } from 'archway/sdk';
import { type Answer, failureFrom, requestIdOf } from './answer.js';
import { batchesOf, type Message, messageOf } from './message.js';
import type { Receiver } from './receiver.js';
import { signatureOf } from './signature.js';

export interface CourierOptions {
  readonly receiver: Receiver;
  readonly context: SinkContext;
  /** The current one first. */
  readonly secrets: readonly string[];
  readonly batchMax: number;
}

/** When to begin no further request, and what cuts short the one under way. */
export interface Stop {
  readonly signal: AbortSignal;
  readonly isStopped: () => boolean;
}

/** Brings envelopes to a receiver, in order: one request after the other. */
export class Courier {
  constructor(private readonly options: CourierOptions) {}

  /** Never rejects. Each delivery gets its outcome, in the order given. */
  deliver(deliveries: readonly Delivery[], stop: Stop): Promise<Outcome[]> {
    return this.#inOrder(batchesOf(deliveries, this.options.batchMax), stop);
  }

  async #inOrder(batches: readonly (readonly Delivery[])[], stop: Stop): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    let holdUp: Failure | undefined;
    for (const batch of batches) {
      const some =
        holdUp === undefined ? await this.#deliverBatch(batch, stop) : failAll(batch, waitsFor(holdUp));
      outcomes.push(...some);
      holdUp ??= holdUpOf(some);
    }
    return outcomes;
  }

  async #deliverBatch(batch: readonly Delivery[], stop: Stop): Promise<Outcome[]> {
    if (stop.isStopped()) {
      return failAll(batch, new Failure('unavailable', 'The sink was stopped before this was sent.'));
    }
    const message = messageOf(batch);
    const answer = await this.#send(message, stop.signal);
    if (!(answer instanceof Failure)) return this.#evidence(message, answer);
    if (answer.kind !== 'rejected' || batch.length === 1) return failAll(batch, answer);
    // One of them is refused, and which is not known: alone, each gets an answer of its own.
    return this.#inOrder(
      batch.map((delivery) => [delivery]),
      stop,
    );
  }

  async #send({ id, body }: Message, signal: AbortSignal): Promise<Answer | Failure> {
    const { receiver, context, secrets } = this.options;
    const timestamp = Math.floor(context.now().getTime() / 1_000);
    const headers = {
      'content-type': 'application/json',
      'content-length': body.byteLength,
      'user-agent': 'archway',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatureOf({ id, timestamp, body }, secrets),
    };
    try {
      const answer = await receiver.post({ headers, body, signal });
      return failureFrom(answer, receiver.origin, context.now()) ?? answer;
    } catch (error) {
      if (error instanceof Failure) return error;
      // Nothing of the error itself: what it quotes is not known.
      return new Failure('indeterminate', 'The request failed in a way that is a fault of the sink.');
    }
  }

  #evidence({ id, digests }: Message, answer: Answer): Outcome[] {
    const storedAt = this.options.context.now().toISOString();
    const requestId = requestIdOf(answer);
    return digests.map((sha256, index) => {
      const locator = requestId === undefined ? `${id}/${index}` : `${id}/${index} x-request-id=${requestId}`;
      return { ok: true, evidence: { locator, sha256, storedAt } satisfies Evidence };
    });
  }
}

function failAll(batch: readonly Delivery[], failure: Failure): Outcome[] {
  return batch.map(() => ({ ok: false, failure }));
}

/** A rejected envelope never comes again, so it holds nobody up; after any other failure the rest must wait. */
function holdUpOf(outcomes: readonly Outcome[]): Failure | undefined {
  const failures = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.failure]));
  return failures.find((failure) => failure.kind !== 'rejected');
}

function waitsFor({ kind }: Failure): Failure {
  return new Failure(kind, 'An older envelope of the same conversation could not be delivered yet.');
}
