import { retryOptions } from '../../providers/twilio/verify.js';

/** The endpoints of this connector, as they stand in its URLs. */
export type Endpoint = 'voice' | 'dial' | 'status' | 'recording' | 'notice' | 'connect' | 'voicemail';

/** What our own URLs carry: which number is rung in turn, and the call that we had made. Never a number. */
export interface Carried {
  readonly turn?: number;
  readonly call?: string | undefined;
}

/** Gives the URL of another webhook of the same account, with Twilio's retry options. */
export type SiblingUrl = (endpoint: Endpoint, carried?: Carried) => string;

/** From the URL that a request came to. */
export function siblingsOf(captureUrl: string): SiblingUrl {
  const url = new URL(captureUrl);
  url.search = '';
  url.hash = '';
  return (endpoint, carried = {}) => {
    const sibling = new URL(url);
    sibling.pathname = url.pathname.replace(/[^/]*$/, endpoint);
    return withCarried(sibling.href, carried);
  };
}

export function withCarried(webhookUrl: string, { turn, call }: Carried): string {
  const query = new URLSearchParams({
    ...(call !== undefined && { call }),
    ...(turn !== undefined && { turn: String(turn) }),
  });
  return `${webhookUrl}${query.size > 0 ? `?${query}` : ''}${retryOptions}`;
}

/** The place in `forwardTo` that was rung last, where numbers are rung in turn; 0 where the URL names none. */
export function turnOf(captureUrl: string): number {
  const turn = new URL(captureUrl).searchParams.get('turn') ?? '';
  return /^\d{1,2}$/.test(turn) ? Number(turn) : 0;
}
