import { Failure } from 'archway/sdk';
import { refusalFrom } from './refusal.js';

/** Turns an error of the file system into a `Failure`. */
export function failureFrom(error: unknown, directory: string): Failure {
  if (error instanceof Failure) return error;
  const { kind, message } = refusalFrom(error, directory);
  return new Failure(kind, message, { cause: error });
}
