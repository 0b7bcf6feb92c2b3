import { z } from 'zod';

/**
 * One end of a communication. `value` is the canonical form that identities are resolved by: E.164 for
 * `tel` (`+12025550123`; a short code or an alphanumeric sender stays as it is), lower case for `email`, the
 * numeric id for `telegram`. A WhatsApp sender that is known by its number is a `tel` address, so that one
 * person is one address on every channel; one of whom only the hidden id is known is `whatsapp` (`1234567@lid`), and an
 * `alias` event says which number that is. `asReceived` is the provider's own spelling, never changed.
 */
export const addressSchema = z.strictObject({
  scheme: z.enum(['tel', 'email', 'telegram', 'whatsapp', 'sip', 'other']),
  value: z.string().min(1).max(320),
  asReceived: z.string().min(1).max(320),
  /** The display name that the provider gave for this address, as claimed by its owner. */
  name: z.string().max(500).optional(),
});

export type Address = z.infer<typeof addressSchema>;
