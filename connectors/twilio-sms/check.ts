import type { AccountCheck, CheckContext } from 'archway/sdk';
import { checkAtTwilio } from '../../providers/twilio/check.js';
import type { TwilioSettings } from './settings.js';

/** Numbers only: a messaging service, which has a URL of its own, and senders of other channels are not listed with them. */
export function check(context: CheckContext<TwilioSettings>): Promise<AccountCheck[]> {
  const { settings, webhookUrl } = context;
  const numbers = settings.messagingServiceSid === undefined ? settings.numbers : [];
  return checkAtTwilio(
    context,
    numbers
      .filter((number) => number.startsWith('+'))
      .map((number) => ({ number, kind: 'sms' as const, url: webhookUrl('messages') })),
  );
}
