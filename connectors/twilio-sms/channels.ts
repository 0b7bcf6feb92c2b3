import type { Party } from '../../providers/twilio/addresses.js';

/** The medium of a message between two parties. Either may stand without a prefix, such as an RCS user's number. */
export function mediumOf(from: Party | undefined, to: Party | undefined): string {
  const named = [from, to].find((party) => party !== undefined && party.medium !== 'tel');
  return named?.medium ?? 'tel';
}

/**
 * The medium as users know it. Twilio gives what travels by MMS an id that starts with MM, also a text without pictures
 * to a group; so a receipt names the same channel as its message.
 */
export function channelOf(medium: string, messageSid: string, mediaCount = 0): string {
  if (medium !== 'tel') return medium;
  return mediaCount > 0 || messageSid.startsWith('MM') ? 'mms' : 'sms';
}
