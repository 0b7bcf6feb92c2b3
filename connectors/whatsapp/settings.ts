import { z } from 'archway/sdk';

export const settingsSchema = z.strictObject({
  outbound: z
    .boolean()
    .default(false)
    .describe('Whether messages may be sent from this account. Capture alone never writes anything.'),
  history: z
    .enum(['none', 'recent', 'full'])
    .default('recent')
    .describe('How much of the past the phone is asked for when it is linked.'),
  socketUrl: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe("Another address of WhatsApp's socket; for tests only."),
});

export type WhatsAppSettings = z.infer<typeof settingsSchema>;
