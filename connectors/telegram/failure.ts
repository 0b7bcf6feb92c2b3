import { Failure } from 'archway/sdk';
import type { GrammyError, HttpError } from 'grammy';

/** What a call to Telegram failed by, in the terms of retry policy. Telegram's descriptions name no secret. */
export function failureOf(error: unknown): unknown {
  if (isRefusal(error)) return refusal(error);
  if (isConnectionError(error))
    return new Failure('unavailable', `Telegram could not be reached${codeOf(error)}.`);
  return error;
}

/** Telegram answered, and said no. Known by its name, since the library is loaded later than this. */
export function isRefusal(error: unknown): error is GrammyError {
  return error instanceof Error && error.name === 'GrammyError';
}

/** No answer came. The error quotes the URL, which holds the token: nothing of it but its code may be passed on. */
export function isConnectionError(error: unknown): error is HttpError {
  return error instanceof Error && error.name === 'HttpError';
}

/** ` (ECONNREFUSED)`, or nothing. */
export function codeOf({ error }: HttpError): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[A-Z_]{1,50}$/.test(code) ? ` (${code})` : '';
}

function refusal({ error_code: code, description, parameters }: GrammyError): Failure {
  const said = `Telegram answered ${code}: ${description}`;
  if (code === 401 || code === 404)
    return new Failure('auth', `${said}. The token is not, or no longer, valid.`);
  if (code === 409)
    return new Failure(
      'unavailable',
      `${said}. Another program polls with the same token, or a webhook is set.`,
    );
  if (code === 429) {
    const { retry_after: seconds } = parameters;
    return new Failure('throttled', said, {
      ...(seconds !== undefined && { retryAfterMs: seconds * 1_000 }),
    });
  }
  return new Failure(code >= 500 ? 'unavailable' : 'config', said);
}
