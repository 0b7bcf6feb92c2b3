import { secret, z } from 'archway/sdk';

const shape = {
  token: secret()
    .regex(/^\d{1,20}:[A-Za-z0-9_-]{30,100}$/, 'must be a bot token as @BotFather gives it')
    .describe("From @BotFather: the bot's id, a colon, and a secret."),
  mode: z
    .enum(['polling', 'webhook'])
    .default('webhook')
    .describe(
      'How updates come: Telegram posts them (`webhook`), or this gateway asks for them (`polling`).',
    ),
  secretToken: secret()
    .regex(/^[A-Za-z0-9_-]{16,256}$/, 'must be 16 to 256 letters, digits, "_" or "-"')
    .optional()
    .describe(
      'What Telegram repeats in a header of each request, so that nobody else can post updates: 16 to 256 random characters. Needed in the mode `webhook`.',
    ),
  previousSecretToken: secret().optional().describe('Accepted too, for the time of a rotation.'),
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.telegram.org' })
    .optional()
    .describe('A local Bot API server, or a test double, instead of https://api.telegram.org.'),
};

/** What an operator gives for one bot. */
export const settingsSchema = z
  .strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown setting ${issue.keys.join(', ')}; the settings are ${Object.keys(shape).join(', ')}`
        : undefined,
  })
  .refine(({ mode, secretToken }) => mode === 'polling' || secretToken !== undefined, {
    path: ['secretToken'],
    error:
      'is needed in the mode "webhook": without it anybody could post updates; choose 16 to 256 random characters',
  });

export type TelegramSettings = z.infer<typeof settingsSchema>;

/** The bot's own id stands in its token. */
export function botIdOf(settings: TelegramSettings): string {
  return settings.token.slice(0, settings.token.indexOf(':'));
}
