import type { Provenance } from './envelope.js';

/**
 * The bytes as received. Everything that a connector may know when it verifies and parses is here, so that a capture
 * can be read again years later with the same outcome.
 */
export interface Capture {
  /** Account id (UUID) that the webhook URL named. */
  readonly account: string;
  /** The last part of the webhook URL: one of the connector's `webhooks`. */
  readonly endpoint: string;
  readonly method: string;
  /** The full public URL with its query, built from the configured public URL; never from a request header. */
  readonly url: string;
  /** Header names in lower case; the values of repeated headers are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** UTC, milliseconds: `2026-11-23T09:30:00.000Z`. */
  readonly receivedAt: string;
  readonly provenance: Provenance;
}
