import { z } from 'zod';

/**
 * Every variable of the environment that Archway reads. One list gives validation, `archway serve --help` and
 * docs/configuration.md.
 */

/** Digits only: `Number` would read a blank as 0, and 0 is a port that nobody meant. */
const wholeNumber = (message: string) =>
  z
    .string()
    .regex(/^\s*\d+\s*$/, message)
    .transform(Number);

const port = (fallback: number) =>
  wholeNumber('must be a port number, such as 8080')
    .pipe(z.number().max(65_535, 'must be between 0 and 65535'))
    .default(fallback);

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL, such as https://archway.example.com' })
  .refine(
    (url) => !/[?#]/.test(url),
    'must end with its host or path, without ? or #: paths are appended to it',
  )
  .transform((url) => url.replace(/\/+$/, ''));

const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL such as postgres://user:password@host:5432/archway',
});

export const variablesSchema = z.object({
  PORT: port(8080).describe('Port of the public listener, which providers post to.'),
  ADMIN_PORT: port(8081).describe('Port of the private listener: API, metrics, readiness.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address that the public listener binds to.'),
  ADMIN_HOST: z.string().min(1).default('127.0.0.1').describe('Address that the private listener binds to.'),
  DATABASE_URL: postgresUrl
    .optional()
    .describe('Postgres to use; without it, the embedded database in the data directory.'),
  ARCHWAY_DATA_DIR: z.string().min(1).default('./data').describe('Where this node keeps its files.'),
  ARCHWAY_PUBLIC_URL: httpUrl.optional().describe('The URL under which providers reach the public listener.'),
  ARCHWAY_MASTER_KEY: z.string().min(1).optional().describe('Master key: 32 bytes as base64.'),
  ARCHWAY_MASTER_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('File that holds the master key, mode 0600.'),
  ARCHWAY_SPOOL_DIR: z
    .string()
    .min(1)
    .optional()
    .describe('Where captures wait during a database outage; default <data>/spool.'),
  ARCHWAY_SPOOL_FREE_MIN_MB: wholeNumber('must be a whole number of megabytes, such as 256')
    .default(256)
    .describe('Free space, in MB, that the spool leaves on its disk.'),
  ARCHWAY_RECONCILE_HOUR: z
    .string()
    .regex(/^(off|\d|1\d|2[0-3])$/, 'must be an hour from 0 to 23, or off')
    .transform((hour) => (hour === 'off' ? null : Number(hour)))
    .default(3)
    .describe('Hour of the day (UTC) at which the last two days are compared with the providers; or off.'),
  ARCHWAY_PLUGINS: z
    .string()
    .optional()
    .describe('Connectors and sinks beside the built-in ones: paths and package names, with commas between.'),
  ARCHWAY_ATTACHMENT_MAX_MB: wholeNumber('must be a whole number of megabytes, such as 128')
    .default(128)
    .describe('Size, in MB, above which the bytes of an attachment are not fetched.'),
  ARCHWAY_ALLOW_TEST_ENDPOINTS: z
    .enum(['0', '1'], 'must be 1, or not set')
    .default('0')
    .describe('1: this machine itself may play the provider, also by plain http. For tests only.'),
  ARCHWAY_ALERT_SINK_DOWN_MINUTES: wholeNumber('must be a whole number of minutes, such as 5')
    .default(5)
    .describe('How long nothing gets through to a sink before an alert says so.'),
  ARCHWAY_ALERT_BEHIND_MINUTES: wholeNumber('must be a whole number of minutes, such as 30')
    .default(30)
    .describe('How long a record waits for a sink, or a capture to be read, before an alert says so.'),
  ARCHWAY_ALERT_ACCOUNT_NOT_OPEN_MINUTES: wholeNumber('must be a whole number of minutes, such as 5')
    .default(5)
    .describe('How long the session of an account is not open before an alert and a gap record say so.'),
  ARCHWAY_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  ARCHWAY_ADMIN_URL: httpUrl.optional().describe('For the command line: address of the private API.'),
  ARCHWAY_API_KEY: z.string().min(1).optional().describe('For the command line: key of the private API.'),
});

export type Variables = z.infer<typeof variablesSchema>;
