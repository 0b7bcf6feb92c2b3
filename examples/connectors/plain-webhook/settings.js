import { listOf, phoneNumber, secret, z } from 'archway/sdk';

/** What an account is given by --set. */
export const settings = z.strictObject({ signingSecret: secret(), numbers: listOf(phoneNumber()) });
