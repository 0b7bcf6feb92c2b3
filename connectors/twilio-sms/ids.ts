import type { Form } from './form.js';

/** Twilio's ids are two letters and 32 hex digits; a little wider, so that a new form of id loses no message. */
const sidPattern = /^[A-Za-z0-9_-]{2,100}$/;

/** The id of the message that a webhook is about. The other two names are older ones for the same id. */
export function messageSidOf(form: Form): string | undefined {
  return sid(form.get('MessageSid') ?? form.get('SmsSid') ?? form.get('SmsMessageSid'));
}

/** The id of the message that this one answers (WhatsApp). */
export function repliedSidOf(form: Form): string | undefined {
  return sid(form.get('OriginalRepliedMessageSid'));
}

/** The id, if it can be one. */
export function sid(value: string | undefined): string | undefined {
  return value !== undefined && sidPattern.test(value) ? value : undefined;
}

export function messageKey(messageSid: string): string {
  return `message/${messageSid}`;
}
