import type { Form } from '../../providers/twilio/form.js';
import { sid } from '../../providers/twilio/ids.js';

/** The id of the message that a webhook is about. The other two names are older ones for the same id. */
export function messageSidOf(form: Form): string | undefined {
  return sid(form.get('MessageSid') ?? form.get('SmsSid') ?? form.get('SmsMessageSid'));
}

/** The id of the message that this one answers (WhatsApp). */
export function repliedSidOf(form: Form): string | undefined {
  return sid(form.get('OriginalRepliedMessageSid'));
}

export function messageKey(messageSid: string): string {
  return `message/${messageSid}`;
}
