import { phoneNumber, z } from 'archway/sdk';

/** The only socket that a linked device speaks to. */
export const whatsappSocket = 'wss://web.whatsapp.com/ws/chat';

const shape = {
  outbound: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], {
      error: 'must be true or false',
    })
    .default(false)
    .describe('Whether `archway send` may send from this account. Off: it only captures.'),
  number: phoneNumber()
    .optional()
    .describe("The phone's own number. Another phone is then not taken; to send it has to be known."),
  socketUrl: z
    .url({ protocol: /^wss?$/, error: `must be a URL such as ${whatsappSocket}` })
    .default(whatsappSocket)
    .describe(
      "Another server than WhatsApp's: a test double on this machine, only while ARCHWAY_ALLOW_TEST_ENDPOINTS=1.",
    ),
  history: z
    .enum(['none', 'recent', 'full'])
    .default('recent')
    .describe('How much of the past the phone is asked for when it is linked.'),
};

/** What an operator gives for one linked phone. Its credentials come by linking it: `archway account link`. */
export const settingsSchema = z
  .strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown setting ${issue.keys.join(', ')}; the settings are ${Object.keys(shape).join(', ')}`
        : undefined,
  })
  .refine(({ outbound, number }) => !outbound || number !== undefined, {
    path: ['number'],
    error: 'is needed to send: the number of the linked phone, such as +12025550123',
  });

export type WhatsAppSettings = z.infer<typeof settingsSchema>;

/** Whether the socket is WhatsApp's own. Everything else is a test double. */
export function isWhatsApp({ socketUrl }: Pick<WhatsAppSettings, 'socketUrl'>): boolean {
  const { protocol, host } = new URL(socketUrl);
  return protocol === 'wss:' && host === 'web.whatsapp.com';
}
