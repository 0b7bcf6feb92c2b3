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
      serializers: { error: serializeError, err: serializeError },
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
  const cause = error.cause instanceof Error ? serializeError(error.cause) : undefined;
  return {
    message: error.message.startsWith('Failed query') ? 'Failed query' : error.message,
    ...pluginFault(error),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** What may be logged of something that a plugin threw by mistake: not its message, which may quote what it was given. */
export function pluginFault(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  return { type: error.name, ...(typeof code === 'string' ? { code } : {}), stack: frames(error) };
}

/** The frames of a stack without the message above them, which may have lines that look like frames. */
function frames({ stack = '', message }: Error): string {
  const start = stack.indexOf(message) + message.length;
  return stack
    .slice(start)
    .split('\n')
    .filter((line) => /^\s+at .+:\d+:\d+\)?$/.test(line))
    .slice(0, 6)
    .join('\n');
}
