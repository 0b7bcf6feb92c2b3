import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** Fields that are removed wherever they stand in a log line; secrets are not logged to begin with. */
const redacted = [
  'authorization',
  'cookie',
  'body',
  'text',
  'settings',
  'authToken',
  'token',
  'secret',
  'password',
  'apiKey',
  'from',
  'to',
];

/** Structured logs on standard error: one JSON object a line. Never message text, addresses or credentials: log ids. */
export function createLog(options: { level: string; destination?: DestinationStream }): Log {
  const paths = redacted.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
      serializers: { error: serializeError },
    },
    options.destination ?? pino.destination(2),
  );
}

/**
 * The parts of an error that are ours to print. Drivers put the query's parameters and rows into messages and properties
 * (`detail`, `parameters`, `where`): those never get into a log.
 */
function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'not an Error' };
  const code = (error as { code?: unknown }).code;
  const cause = error.cause instanceof Error ? serializeError(error.cause) : undefined;
  return {
    type: error.name,
    message: error.message.startsWith('Failed query') ? 'Failed query' : error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause === undefined ? {} : { cause }),
    stack: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6)
      .join('\n'),
  };
}
