import type { z } from 'zod';
import type { Envelope } from './envelope.js';
import type { Failure } from './failure.js';

/** The bytes that a record of the kind `attachment` is about. */
export interface DeliveryAttachment {
  readonly id: string;
  readonly contentType?: string;
  /** As the sender called it: words of a stranger, not fit for a path. */
  readonly name?: string;
  readonly byteLength: number;
  /** Of the bytes, lower-case hex. */
  readonly sha256: string;
  /** Of sound and film, where the provider says how long it lasts, and on how many channels; in messages it is the sender's claim. */
  readonly durationSeconds?: number;
  readonly channels?: number;
  /**
   * The bytes, once for each call; they may be far larger than memory. MUST be checked against `byteLength` and `sha256`
   * before evidence is given. Cancel the stream where it is not read to its end.
   *
   * @throws {Failure} here, or while reading; return it as the outcome.
   */
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** One envelope for one sink. */
export interface Delivery {
  /** Equal on every attempt, different for every record and sink. Contains no clock and no attempt number. */
  readonly idempotencyKey: string;
  readonly envelope: Envelope;
  /** The envelope as canonical JSON (RFC 8785), UTF-8: the bytes to keep. */
  readonly bytes: Uint8Array;
  /** Present where the record brings bytes. Such a delivery is the last of its call. */
  readonly attachments?: readonly DeliveryAttachment[];
}

/** What shows that the sink has it. */
export interface Evidence {
  /** Where it lies, in the sink's own terms (a path, a key, a message id), enough for `inspect` to find it. */
  readonly locator: string;
  /** SHA-256 of the bytes as kept, lower-case hex. */
  readonly sha256: string;
  /** When the sink had it, UTC with milliseconds. */
  readonly storedAt: string;
  /** Until when the sink refuses to delete it, where it gives such a promise. */
  readonly retainedUntil?: string;
}

export type Outcome =
  | { readonly ok: true; readonly evidence: Evidence }
  | { readonly ok: false; readonly failure: Failure };

export type Inspection = 'intact' | 'altered' | 'missing';

export interface Guarantees {
  /** The sink itself refuses to change or delete what it took. The test kit tries. */
  readonly immutable: boolean;
  /** The same idempotency key twice leaves one object. */
  readonly dedupes: boolean;
  /** `inspect` works. */
  readonly inspectable: boolean;
  /** The bytes of attachments are kept too, before the envelope that brings them is evidenced. */
  readonly attachments?: boolean;
}

export interface SinkContext {
  readonly now: () => Date;
}

/** A sink with its settings applied. One instance serves many deliveries, also at the same time. */
export interface OpenSink extends AsyncDisposable {
  /**
   * Keeps envelopes of one conversation and returns one outcome for each, in the order given. MUST NOT reject.
   *
   * - Evidence only after the bytes are durable at the other side. A key that is there with other bytes is `rejected` and
   *   the first bytes stay.
   * - After an envelope that was not kept, none behind it may be kept, so that order holds; return a failure for those
   *   too, they do not count as tried. `rejected` is the exception: that envelope will never be kept.
   * - Aborting `signal`, or disposing the sink, still gives every delivery an outcome. Disposal waits for deliveries under
   *   way, and may be repeated.
   */
  deliver(deliveries: readonly Delivery[], signal: AbortSignal): Promise<Outcome[]>;
  /** Reads back what an evidence names and compares its digest. */
  inspect?(evidence: Evidence): Promise<Inspection>;
}

export interface Sink<Schema extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly title: string;
  /** The `contractVersion` that it was made for. Left out: 1. The gateway does not start with one made for another. */
  readonly contract?: number;
  readonly settings: Schema;
  readonly guarantees: Guarantees;
  /** Throws a `Failure` of kind `config`, `auth` or `unavailable` when it cannot be used. */
  open(settings: z.infer<Schema>, context: SinkContext): Promise<OpenSink>;
}

/** Gives a sink its types; returns it unchanged. */
export function defineSink<Schema extends z.ZodObject>(sink: Sink<Schema>): Sink<Schema> {
  return sink;
}
