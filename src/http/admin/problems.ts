import type { z } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { isDatabaseUnavailable } from '../../db/errors.js';
import { UnknownPluginError } from '../../domain/accounts.js';
import { NoRoomError } from '../../domain/backup/index.js';
import { AddressTakenError, type Collision, PeriodError } from '../../domain/identities.js';
import { SettingsError } from '../../domain/settings.js';
import { FilterError } from '../../domain/sink-filter.js';
import { NotInspectableError } from '../../domain/sink-inspection.js';
import { Failure, type FailureKind } from '../../sdk/index.js';
import type { Log } from '../../telemetry/log.js';
import { problem } from '../problem.js';

/** Thrown by a handler to end its request with this problem. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors?: readonly string[],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }
}

/** A thing that is not there, and where those that are there can be looked up. */
export function notFound(what: string, wanted: string, where = `the list of ${what}s`): ProblemError {
  return new ProblemError(
    404,
    `There is no ${what} ${wanted} in this instance. Those that there are: see ${where}.`,
  );
}

const parts: Readonly<Record<string, string>> = { query: 'The query', param: 'The path', json: 'The body' };

/** A request that does not fit its route's schema, with one sentence per field. */
export function invalidRequest(target: string, error: z.ZodError): ProblemError {
  const errors = error.issues.map((issue) => {
    const name = issue.path.join('.');
    const complaint = complaintOf(issue);
    return name === '' ? complaint : `${name}: ${complaint}`;
  });
  return new ProblemError(
    400,
    `${parts[target] ?? 'The request'} is not right: ${errors.join('; ')}.`,
    errors,
  );
}

/** What Zod says by itself of the commonest slips, in words for people; what a schema says in its own words stays. */
function complaintOf({ message }: z.core.$ZodIssue): string {
  if (/^Invalid input: expected .+, received undefined$/.test(message)) return 'is missing';
  if (message === 'Invalid UUID') return 'must be a whole id, as the lists show it';
  const [, bound, limit] =
    /^Too (small|big): expected string to have [<>]=(\d+) characters$/.exec(message) ?? [];
  if (bound === 'big') return `must not be longer than ${limit} characters`;
  if (bound === 'small')
    return limit === '1' ? 'must not be empty' : `must have at least ${limit} characters`;
  return message;
}

/** Failures of a sink that was tried: those that someone must mend in the request, and those of the world outside. */
const failureStatus: Record<FailureKind, number> = {
  config: 400,
  auth: 400,
  rejected: 400,
  throttled: 503,
  unavailable: 503,
  indeterminate: 503,
};

/** Whatever went wrong in a request, as the problem that its caller sees. What is not theirs to know is logged only. */
export function problemFor(error: Error, log: Log): Response {
  if (error instanceof ProblemError) return thrownProblem(error);
  if (error instanceof HTTPException) return requestProblem(error);
  if (error instanceof SettingsError) return problem(400, error.message, error.problems);
  if (error instanceof FilterError) return problem(400, error.message, error.problems);
  if (error instanceof UnknownPluginError) return problem(400, error.message);
  if (error instanceof NoRoomError) return problem(507, error.message);
  if (error instanceof NotInspectableError) return problem(409, error.message);
  if (error instanceof PeriodError) return problem(400, error.message);
  if (error instanceof AddressTakenError)
    return problem(409, error.message, error.collisions.map(describeCollision));
  if (error instanceof Failure) {
    return problem(failureStatus[error.kind], `The sink cannot be used as configured: ${error.message}`);
  }
  log.error({ error }, 'A request to the private listener failed.');
  if (isDatabaseUnavailable(error)) {
    return problem(
      503,
      'The database cannot be reached. Try again later; before repeating a change, see whether it took effect.',
    );
  }
  return problem(500, 'Something failed on our side; the log of the server says what.');
}

function thrownProblem({ status, detail, errors, headers }: ProblemError): Response {
  const response = problem(status, detail, errors);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function describeCollision({ index, taken }: Collision): string {
  const { identityId, personId, validFrom, validUntil } = taken;
  const period = `from ${validFrom?.toISOString() ?? 'always'} until ${validUntil?.toISOString() ?? 'further notice'}`;
  const remedy = identityId === undefined ? '' : `; end it with: archway identity end ${identityId} --at …`;
  return `address ${index + 1}: is that of person ${personId} ${period}${remedy}`;
}

function requestProblem(error: HTTPException): Response {
  if (error.status === 415) {
    return problem(415, 'The body must be JSON, sent with the header Content-Type: application/json.');
  }
  return problem(error.status, `${error.message}. Send one JSON object as the body.`);
}
