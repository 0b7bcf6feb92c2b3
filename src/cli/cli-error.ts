import { type ExitCode, exitCodes } from './exit-codes.js';

/** Extension members of problem details (RFC 9457), such as `status` and `errors` as the server sent them. */
type Members = Readonly<Record<string, unknown>>;

/** An error for the person at the terminal: `detail` says what is wrong and what to do. Ends with `exitCode`. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    readonly title: string,
    readonly detail: string,
    readonly members: Members = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

/** The command line could not be understood. */
export function usageError(detail: string): CliError {
  return new CliError(exitCodes.usage, 'Wrong usage', detail);
}

/** The error as problem details, for `--json`. */
export function toProblem(error: CliError): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: error.title,
    ...error.members,
    detail: error.detail,
    exitCode: error.exitCode,
  };
}

/** The error for people: the sentence, then one line for each thing that is wrong and not yet named in it. */
export function toText({ detail, members }: CliError): string {
  const errors: unknown[] = Array.isArray(members.errors) ? members.errors : [];
  const unnamed = errors.map(String).filter((each) => !detail.includes(each));
  return [detail, ...unnamed.map((each) => `  - ${each}`)].join('\n');
}
