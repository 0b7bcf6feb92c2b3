import { secret, z } from 'archway/sdk';

/** Settings that every account at Twilio has. */
export const accountShape = {
  accountSid: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/, 'must be "AC" and 32 hex digits')
    .describe("From the first page of Twilio's console."),
  authToken: secret().describe(
    'The primary auth token: Twilio signs webhooks with it, never with an API key.',
  ),
  previousAuthToken: secret()
    .optional()
    .describe('A second token that is accepted too, for the time of a rotation.'),
};

export const apiBaseUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.twilio.com' })
  .optional()
  .describe("Another address for Twilio's REST API: a region, an edge, or a test double.");

/** What a webhook is verified with. */
export interface Tokens {
  readonly authToken: string;
  readonly previousAuthToken?: string | undefined;
}

/** What it takes to ask Twilio's API. */
export interface ApiSettings {
  readonly accountSid: string;
  readonly authToken: string;
  readonly apiBaseUrl?: string | undefined;
}

/** An object of these settings and no others; the error about another one names those that there are. */
export function settingsOf<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown setting ${issue.keys.join(', ')}; the settings are ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}
