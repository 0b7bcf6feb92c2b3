/**
 * Why a call to the outside did not succeed. Retry policy is one table over these kinds (see core/retry-policy.ts);
 * a plugin names the kind and never chooses a delay.
 *
 * - `config`: the settings are wrong (directory missing, URL malformed). Someone has to change them.
 * - `auth`: the credentials were refused.
 * - `throttled`: the other side asks to slow down.
 * - `unavailable`: could not be reached, or answered that it is out of order. Nothing was taken.
 * - `rejected`: this item was refused, and would be refused again.
 * - `indeterminate`: it may have arrived; there was no answer.
 */
export const failureKinds = [
  'config',
  'auth',
  'throttled',
  'unavailable',
  'rejected',
  'indeterminate',
] as const;

export type FailureKind = (typeof failureKinds)[number];

export interface FailureOptions {
  /** What the other side asked for (Retry-After), in milliseconds. Taken within bounds. */
  readonly retryAfterMs?: number;
  /** The other side's own code for it, such as `21610`. */
  readonly code?: string;
  readonly cause?: unknown;
}

/** Thrown, or returned per item, by connectors and sinks. The message must hold no secret and no message text. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly retryAfterMs: number | undefined;
  readonly code: string | undefined;

  constructor(
    readonly kind: FailureKind,
    message: string,
    options: FailureOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.code = options.code;
  }
}
