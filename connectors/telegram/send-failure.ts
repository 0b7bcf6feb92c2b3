import { Failure } from 'archway/sdk';
import { codeOf, failureOf, isConnectionError, isRefusal } from './failure.js';

/** Connections that never came to be: nothing can have left by them. */
const notConnected = new Set([
  ' (ECONNREFUSED)',
  ' (ENOTFOUND)',
  ' (EAI_AGAIN)',
  ' (EHOSTUNREACH)',
  ' (ENETUNREACH)',
]);

/**
 * What became of a message. Telegram has no idempotency key: whatever may have arrived is `indeterminate`.
 *
 * @param hasLeft whether a request was handed to the network.
 */
export function sendFailureOf(error: unknown, hasLeft: boolean): Failure {
  if (error instanceof Failure) return error;
  if (!hasLeft) {
    return new Failure('unavailable', 'The message could not be prepared; nothing has left.', {
      cause: error,
    });
  }
  if (isConnectionError(error)) {
    const code = codeOf(error);
    return notConnected.has(code)
      ? new Failure('unavailable', `Telegram could not be reached${code}.`)
      : new Failure('indeterminate', `The connection to Telegram broke before its answer was there${code}.`);
  }
  if (!isRefusal(error)) {
    return new Failure('indeterminate', 'The call to Telegram ended without an answer.', { cause: error });
  }
  const { error_code: code, description, parameters } = error;
  const said = `Telegram answered ${code}: ${description}`;
  if (code >= 500) return new Failure('indeterminate', `${said}. It may have taken the message.`);
  if ([401, 404, 409, 429].includes(code)) return failureOf(error) as Failure;
  const { migrate_to_chat_id: movedTo } = parameters;
  const options = { code: String(code) };
  if (movedTo !== undefined) {
    return new Failure('rejected', `${said}. The group has a new number: send to ${movedTo}.`, options);
  }
  return new Failure('rejected', `${said}.`, options);
}
