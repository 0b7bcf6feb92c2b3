import { secret, z } from 'archway/sdk';
import { isSecretKey } from './signature.js';

/** Twice what the gateway hands over at once today. */
const batchLimit = 100;
/** Below the time that the gateway gives one call, so that an answer that is late is told apart from a sink that hangs. */
const timeoutMaxMs = 30_000;

const secretKey = () =>
  secret().refine(
    isSecretKey,
    'must be "whsec_" and 24 to 64 random bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)',
  );

/** A number, or its digits as the command line gives them. */
function wholeNumber(from: number, to: number) {
  const error = `must be a whole number from ${from} to ${to}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,9}$/)
          .transform(Number),
      ],
      { error },
    )
    .pipe(z.int({ error }).min(from, { error }).max(to, { error }));
}

const shape = {
  url: z
    .string()
    .refine((text) => urlProblem(text) === undefined, {
      error: (issue) => urlProblem(String(issue.input)) ?? '',
    })
    .describe(
      'Where to post: https, or http in your own network. Shown in clear: no credential belongs in it.',
    ),
  secret: secretKey().describe('Signs every request.'),
  previousSecret: secretKey()
    .optional()
    .describe('During a rotation: signs too, so that a receiver may know either.'),
  batch: wholeNumber(1, batchLimit).default(1).describe('Envelopes in one request, at most.'),
  allowPrivate: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], {
      error: 'must be true or false',
    })
    .default(false)
    .describe('The receiver may have an address that is not public, and plain http.'),
  timeoutMs: wholeNumber(1_000, timeoutMaxMs)
    .default(10_000)
    .describe('For one request, from the look-up of the name to the end of the answer.'),
};

export const settingsSchema = z.strictObject(shape, {
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown setting ${issue.keys.join(', ')}; the settings are ${Object.keys(shape).join(', ')}`
      : undefined,
});

export type WebhookSettings = z.infer<typeof settingsSchema>;

/** What is wrong with a receiver's address, as a sentence's end that repeats none of it; undefined for a usable one. */
function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL such as https://archive.example/archway';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '')
    return 'must hold no user name and no password; requests are signed with the secret instead';
  if (url.hash !== '') return 'must have no fragment (#…); it is never sent';
  return url.port === '0' ? 'must not have the port 0' : undefined;
}
