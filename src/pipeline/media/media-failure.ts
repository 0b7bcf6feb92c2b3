import type { MediaFailureKind } from '../../core/retry-policy.js';

/** Why the bytes of an attachment did not come; the first part of what a gap record says. */
export type MediaFailureReason =
  | 'no-reference'
  | 'host-not-allowed'
  | 'insecure-url'
  | 'private-address'
  | 'private-name'
  | 'too-many-redirects'
  | 'not-found'
  | 'refused'
  | 'not-authorized'
  | 'too-large'
  | 'wrong-bytes'
  | 'unreachable'
  | 'throttled'
  | 'too-slow'
  | 'connector'
  | 'storage'
  | 'fault';

const kinds: Record<MediaFailureReason, MediaFailureKind> = {
  'no-reference': 'rejected',
  'host-not-allowed': 'rejected',
  'insecure-url': 'rejected',
  'private-address': 'rejected',
  // The name servers may have been led astray for a while.
  'private-name': 'unavailable',
  'too-many-redirects': 'rejected',
  'not-found': 'rejected',
  refused: 'rejected',
  'not-authorized': 'auth',
  'too-large': 'rejected',
  'wrong-bytes': 'damaged',
  unreachable: 'unavailable',
  throttled: 'throttled',
  'too-slow': 'unavailable',
  connector: 'config',
  storage: 'config',
  fault: 'indeterminate',
};

/** Thrown when an attachment could not be fetched. The message is a sentence for a person and names no host and no URL. */
export class MediaFailure extends Error {
  override readonly name = 'MediaFailure';
  readonly kind: MediaFailureKind;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly reason: MediaFailureReason,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.kind = kinds[reason];
    this.retryAfterMs = options.retryAfterMs;
  }
}
