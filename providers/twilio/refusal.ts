import { Failure } from 'archway/sdk';
import type { Answered } from './http-client.js';

/** Codes that say no more than the status does: the request came too often. */
const throttlingCodes = new Set(['20429', '14107', '30022']);
const credentialCodes = new Set(['20003', '20005', '20006']);

/**
 * What Twilio's refusal means. Its own words are not repeated, as they name the numbers; its code is, and tells the rest.
 *
 * - 429: never processed, says Twilio, and safe to repeat: `throttled`.
 *   Source: https://www.twilio.com/docs/errors/20429
 * - 500: a message or call that is asked for again after it may be there twice, says Twilio: `indeterminate`.
 *   Source: https://www.twilio.com/docs/errors/20500
 * - 503: out of service for a while, and Twilio does not say that nothing was taken; nor does a gateway in front of it (502,
 *   504). There is no idempotency key to ask again with, so these are `indeterminate` too.
 *   Source: https://www.twilio.com/docs/api/errors/20503
 */
export function failureOf(
  error: unknown,
  answered: Answered | undefined,
  thing: 'message' | 'call',
): Failure {
  if (error instanceof Failure) return error;
  if (answered === undefined) {
    return new Failure(
      'config',
      'Twilio’s library refused the request before it left. Check the settings of the account.',
      {
        cause: error,
      },
    );
  }
  const { status, retryAfterMs } = answered;
  const code = codeOf(error);
  const named = code === undefined ? `with status ${status}` : `with error ${code}`;
  const options = {
    ...(code !== undefined && { code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  };
  if (status === 429 || throttlingCodes.has(code ?? '')) {
    return new Failure('throttled', `Twilio asks to slow down (${named}).`, options);
  }
  if (status === 401 || credentialCodes.has(code ?? '')) {
    return new Failure(
      'auth',
      `Twilio refused the credentials ${named}. Check accountSid and authToken, and that the account is active.`,
      options,
    );
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    return new Failure(
      'config',
      `Twilio’s API is not at this address, or does not know the account (${named}). Check accountSid and apiBaseUrl.`,
      options,
    );
  }
  if (status === 408 || status >= 500 || status < 300) {
    return new Failure('indeterminate', `Twilio answered ${named}; it may have taken the ${thing}.`, options);
  }
  return new Failure('rejected', rejection(code, named, thing), options);
}

function rejection(code: string | undefined, named: string, thing: string): string {
  if (code === '21610')
    return 'Twilio refused it with error 21610: the recipient has opted out of messages from this sender.';
  const more = code === undefined ? '' : ` See https://www.twilio.com/docs/api/errors/${code}.`;
  return `Twilio refused the ${thing} ${named}.${more}`;
}

/** Twilio's error number, as its library found it in the body. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'number' && Number.isSafeInteger(code) ? String(code) : undefined;
}
