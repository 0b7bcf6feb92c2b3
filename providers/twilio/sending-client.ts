import { Failure } from 'archway/sdk';
import { HttpClient } from './http-client.js';
import type { ApiSettings } from './settings.js';

/**
 * The official client on an HTTP client that carries each request once: Twilio has no idempotency key, so nothing is ever
 * repeated here. `http` tells what came of the last request. The package is loaded only now, since who only captures has no
 * use for it.
 */
export async function openSendingClient(settings: ApiSettings, signal: AbortSignal) {
  const { default: twilio } = await import('twilio');
  const http = new HttpClient(signal);
  const client = twilio(settings.accountSid, settings.authToken, {
    httpClient: http as never,
    autoRetry: false,
  });
  if (settings.apiBaseUrl !== undefined) client.api.baseUrl = settings.apiBaseUrl.replace(/\/+$/, '');
  return { client, http };
}

/**
 * The id that Twilio gave to what it took.
 *
 * @throws {Failure} `indeterminate` where it gave none.
 */
export function takenAs(sid: unknown, thing: 'message' | 'call'): string {
  if (typeof sid === 'string' && /^[A-Za-z0-9]{34}$/.test(sid)) return sid;
  throw new Failure('indeterminate', `Twilio answered with success, but without the id of a ${thing}.`);
}
