import type { OutboundRequest, Routed } from 'archway/sdk';
import { conversationOf, readParty } from '../../providers/twilio/addresses.js';
import type { TwilioSettings } from './settings.js';

const recipientPattern = /^(?:(?:whatsapp|rcs):)?\+[1-9]\d{6,14}$|^messenger:[^\s,]{1,200}$/;

/**
 * The first of the account's senders that belongs to the recipient's medium. It is named to Twilio also where a messaging
 * service sends, so that the record says who it will be.
 */
export function route({ to, mediaCount }: OutboundRequest, settings: TwilioSettings): Routed {
  const recipient = recipientPattern.test(to) ? readParty(to) : undefined;
  if (recipient === undefined) {
    return refused(
      'The recipient must be a number in E.164 form (+12025550123), or one of another channel (whatsapp:+12025550123).',
    );
  }
  const sender = settings.numbers
    .map((number) => readParty(number))
    .find((party) => party !== undefined && party.medium === recipient.medium);
  if (sender === undefined) {
    return refused(
      `The account has no sender for ${recipient.medium === 'tel' ? 'SMS' : recipient.medium}. Add one to its setting numbers.`,
    );
  }
  const { medium } = recipient;
  const plain = mediaCount > 0 ? 'mms' : 'sms';
  return {
    ok: true,
    route: {
      from: sender.address,
      to: recipient.address,
      conversation: conversationOf(medium, [sender, recipient]),
      channel: medium === 'tel' ? plain : medium,
    },
  };
}

function refused(reason: string): Routed {
  return { ok: false, reason };
}
