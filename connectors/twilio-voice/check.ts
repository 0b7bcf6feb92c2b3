import type { AccountCheck, CheckContext } from 'archway/sdk';
import { checkAtTwilio } from '../../providers/twilio/check.js';
import type { VoiceSettings } from './settings.js';

/** The two URLs that are pasted by hand. */
export function check(context: CheckContext<VoiceSettings>): Promise<AccountCheck[]> {
  const { number } = context.settings;
  return checkAtTwilio(context, [
    { number, kind: 'voice', url: context.webhookUrl('voice') },
    { number, kind: 'call-status', url: context.webhookUrl('status') },
  ]);
}
