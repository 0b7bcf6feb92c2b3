import type { CallContext } from './provider-call.js';

/** One thing that was looked at, for the person who set the account up. No secret in it. */
export interface AccountCheck {
  /** Lower-case words joined by dashes. */
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; only where something is wrong. */
  readonly remedy?: string;
}

/** What a connector gets to look at an account at its provider. */
export interface CheckContext<Settings> extends CallContext<Settings> {
  /** The public URL of one of the connector's webhooks, without `webhookUrlSuffix`. */
  webhookUrl(endpoint: string): string;
}
