import { listOf, z } from 'archway/sdk';
import { readParty } from '../../providers/twilio/addresses.js';
import { accountShape, apiBaseUrl, settingsOf } from '../../providers/twilio/settings.js';

/** E.164, a short code, an alphanumeric sender (with at least one letter), or a sender of another channel. */
const senderPattern =
  /^(?:(?:whatsapp:|rcs:)?\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 _&+-]{1,11}|(?:whatsapp|rcs|messenger):[^\s,]{1,200})$/;

const sender = z
  .string()
  .regex(
    senderPattern,
    'must be a number in E.164 form (+12025550100), a short code (12345), an alphanumeric sender, ' +
      'or a channel sender (whatsapp:+12025550100)',
  );

/** What an operator gives for one Twilio account, or for one subaccount: each has its own token. */
export const settingsSchema = settingsOf({
  ...accountShape,
  numbers: listOf(sender).describe("The firm's own senders, as Twilio writes them."),
  messagingServiceSid: z
    .string()
    .regex(/^MG[0-9a-fA-F]{32}$/, 'must be "MG" and 32 hex digits')
    .optional()
    .describe('A messaging service that sends; the senders above must belong to it.'),
  messagesPerSecond: z.coerce
    .number('must be a number from 0.01 to 100')
    .min(0.01)
    .max(100)
    .optional()
    .describe(
      'What Twilio lets the sender send: 1 for a long code, more for a short code or a toll-free number.',
    ),
  apiBaseUrl,
});

export type TwilioSettings = z.infer<typeof settingsSchema>;

/** The firm's own senders, canonical. */
export function ownAddressesOf({ numbers }: TwilioSettings): string[] {
  const values = numbers.map((sender) => readParty(sender)?.address.value);
  return [...new Set(values.filter((value) => value !== undefined))];
}
