import { listOf, secret, z } from 'archway/sdk';
import { readParty } from './addresses.js';

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

const shape = {
  /** From the first page of Twilio's console. */
  accountSid: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'must be "AC" and 32 hex digits'),
  /** The primary auth token: Twilio signs webhooks with it, never with an API key. */
  authToken: secret(),
  /** A second token that is accepted too, for the time of a rotation. */
  previousAuthToken: secret().optional(),
  /** The firm's own senders, as Twilio writes them. */
  numbers: listOf(sender),
  /** A messaging service that sends; the senders above must belong to it. */
  messagingServiceSid: z
    .string()
    .regex(/^MG[0-9a-fA-F]{32}$/, 'must be "MG" and 32 hex digits')
    .optional(),
  /** What Twilio lets the sender send: 1 for a long code, more for a short code or a toll-free number. */
  messagesPerSecond: z.coerce.number('must be a number from 0.01 to 100').min(0.01).max(100).optional(),
  /** Another address for Twilio's REST API: a region, an edge, or a test double. */
  apiBaseUrl: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.twilio.com' })
    .optional(),
};

/** What an operator gives for one Twilio account, or for one subaccount: each has its own token. */
export const settingsSchema = z.strictObject(shape, {
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown setting ${issue.keys.join(', ')}; the settings are ${Object.keys(shape).join(', ')}`
      : undefined,
});

export type TwilioSettings = z.infer<typeof settingsSchema>;

/** The firm's own senders, canonical. */
export function ownAddressesOf({ numbers }: TwilioSettings): string[] {
  const values = numbers.map((sender) => readParty(sender)?.address.value);
  return [...new Set(values.filter((value) => value !== undefined))];
}
