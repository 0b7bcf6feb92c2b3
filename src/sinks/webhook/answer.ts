import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from 'archway/sdk';
import { retryAfterMs } from './retry-after.js';

/** What a receiver answered. Its body is not looked at: it could repeat what it was sent. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** What the status says about the address or the form of every request: none would fare better. With the remedy. */
const configRemedies = new Map([
  [404, 'there is nothing at this path; set url to that of the receiver'],
  [405, 'it takes no POST there; set url to that of the receiver'],
  [406, 'it does not take requests of this form; set url to that of the receiver'],
  [410, 'the endpoint is gone for good; set url to a new one, or pause the sink for good'],
  [411, 'it does not take requests of this form; set url to that of the receiver'],
  [414, 'the url is too long for it; set a shorter one'],
  [415, 'it does not take JSON there; set url to that of the receiver'],
  [421, 'it does not serve this host; set url to that of the receiver'],
  [426, 'it wants another protocol; set url to that of the receiver'],
  [431, 'the url is too long for it; set a shorter one'],
]);

const authRemedies = new Map([
  [401, 'check that secret is the one it knows'],
  [403, 'check that secret is the one it knows, and that it admits this server'],
  [407, 'a proxy stands before it and wants credentials; let it pass signed requests'],
]);

/** What it did not take, and may take later. */
const passing = new Set([408, 425]);

/** Undefined for an answer that means: taken. */
export function failureFrom({ status, headers }: Answer, origin: string, now: Date): Failure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const said = `The receiver at ${origin} answered ${status}`;
  const waiting = options(headers, now);
  if (status === 429) return new Failure('throttled', `${said}: it asks to slow down.`, waiting);
  if (status >= 500 || passing.has(status)) {
    return new Failure('unavailable', `${said}: it is out of order at the moment.`, waiting);
  }
  if (status < 400) {
    return new Failure(
      'config',
      `${said}: redirects are not followed; set url to the address that it redirects to.`,
    );
  }
  const auth = authRemedies.get(status);
  if (auth !== undefined) return new Failure('auth', `${said}: ${auth}.`);
  const config = configRemedies.get(status);
  if (config !== undefined) return new Failure('config', `${said}: ${config}.`);
  return new Failure('rejected', `${said}: it refuses this envelope. Its own log should say why.`);
}

function options(headers: IncomingHttpHeaders, now: Date): { retryAfterMs?: number } {
  const asked = retryAfterMs(headers['retry-after'], now);
  return asked === undefined ? {} : { retryAfterMs: asked };
}

/** The receiver's own name for the request, where it gives one that is short and plain enough to be kept. */
export function requestIdOf({ headers }: Answer): string | undefined {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : undefined;
}
