import { ConfigError } from '../config/index.js';
import { isDatabaseUnavailable } from '../db/errors.js';
import { CliError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';

/** Errors of the language and of the database drivers: their messages were not written for the person at the terminal. */
const foreignNames = new Set([
  'Error',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'AggregateError',
  'PostgresError',
  'DrizzleQueryError',
]);

/** Turns whatever a command threw into an error that says what is wrong and what to do. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ConfigError) {
    const detail = 'The configuration is not right. Correct these variables of the environment:';
    return new CliError(exitCodes.usage, 'Wrong configuration', detail, { errors: error.problems });
  }
  if (isDatabaseUnavailable(error)) {
    const detail = `The database cannot be reached: ${rootMessage(error)}. Check that it runs, and DATABASE_URL.`;
    return failed('Database not reachable', detail, error);
  }
  if (error instanceof Error && !foreignNames.has(error.name)) return failed('Failed', error.message, error);
  const detail = `Archway failed in a way that it should not: ${rootMessage(error)}. Please report this, with:\n${frames(error)}`;
  return failed('Unexpected error', detail, error);
}

function failed(title: string, detail: string, cause: unknown): CliError {
  return new CliError(exitCodes.failed, title, detail, {}, { cause });
}

/** The message of the first cause: the errors that the query builder wraps around it repeat the values of the query. */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is not an error was thrown';
  if (error.cause instanceof Error) return rootMessage(error.cause);
  if (error instanceof AggregateError && error.errors.length > 0) return rootMessage(error.errors[0]);
  return error.message.replace(/\.$/, '');
}

function frames(error: unknown): string {
  const lines = error instanceof Error ? (error.stack?.split('\n') ?? []) : [];
  return lines.filter((line) => line.trimStart().startsWith('at ')).join('\n');
}
