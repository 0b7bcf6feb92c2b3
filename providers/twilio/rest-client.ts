import { Failure } from 'archway/sdk';
import type { ApiSettings } from './settings.js';

/** Twilio's REST API, reading only. */
export interface RestClient {
  /** Where it is: requests go nowhere else, whatever an answer names. */
  readonly baseUrl: string;
  /**
   * The JSON that is at this path.
   *
   * @throws {Failure}
   */
  get(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
}

const timeoutMs = 30_000;

/** Makes the official client; its package is loaded only now, since who only captures has no use for it. */
export async function openRestClient(settings: ApiSettings, signal: AbortSignal): Promise<RestClient> {
  const { default: twilio } = await import('twilio');
  const client = twilio(settings.accountSid, settings.authToken, { timeout: timeoutMs });
  if (settings.apiBaseUrl !== undefined) client.api.baseUrl = settings.apiBaseUrl;
  return {
    baseUrl: client.api.baseUrl,
    async get(path, params = {}) {
      const asked = client.api.request({ method: 'get', uri: path, params });
      const answer = await orAborted(asked, signal).catch((cause: unknown) => {
        throw new Failure('unavailable', 'Twilio could not be reached.', { cause });
      });
      if (answer.statusCode === 200)
        return typeof answer.body === 'string' ? readJson(answer.body) : answer.body;
      throw refusal(answer.statusCode, answer.headers);
    },
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure('unavailable', 'Twilio answered with something that is no JSON.', { cause });
  }
}

function refusal(status: number, headers: unknown): Failure {
  if (status === 401 || status === 403)
    return new Failure('auth', `Twilio refused the account SID or the auth token (${status}).`);
  if (status === 404) return new Failure('config', 'Twilio does not know this account (404).');
  if (status === 429)
    return new Failure('throttled', 'Twilio asks to slow down (429).', retryAfterOf(headers));
  if (status >= 500) return new Failure('unavailable', `Twilio answered ${status}.`, retryAfterOf(headers));
  return new Failure('rejected', `Twilio refused the request with ${status}.`);
}

function retryAfterOf(headers: unknown): { retryAfterMs?: number } {
  const seconds = Number((headers as Record<string, unknown> | undefined)?.['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {};
}

/** The client cannot be interrupted; its answer is then no longer waited for. */
async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
