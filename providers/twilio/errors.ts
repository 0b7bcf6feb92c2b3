import { shorten } from './bounds.js';
import type { Form } from './form.js';

/** Why something failed, in the words of the event schema. */
export interface ProviderError {
  code: string;
  message?: string;
}

const errorCodeLengthMax = 100;
const errorMessageLengthMax = 2_000;

/** `ErrorCode` and `ErrorMessage` of a form. The names of the fields that were read are added to `placed`. */
export function readError(form: Form, placed: Set<string>): ProviderError | undefined {
  const code = form.get('ErrorCode');
  if (code === undefined) return undefined;
  placed.add('ErrorCode').add('ErrorMessage');
  return errorOf(code, form.get('ErrorMessage'));
}

export function errorOf(code: string, message: string | undefined): ProviderError {
  return {
    code: shorten(code, errorCodeLengthMax),
    ...(message !== undefined && { message: shorten(message, errorMessageLengthMax) }),
  };
}

/** A reason is shown to people: it quotes a word, never text of unknown origin. */
export function nameWord(claimed: string): string {
  return /^[\w-]{1,40}$/.test(claimed) ? `"${claimed}"` : '(not a word)';
}
