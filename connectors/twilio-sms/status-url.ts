import { retryOptions } from '../../providers/twilio/verify.js';

const parameter = 'message';
const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where Twilio reports on one message of ours: the status webhook, with the message's id, which the signature covers. */
export function withMessage(webhookUrl: string, messageId: string): string {
  return `${webhookUrl}?${parameter}=${messageId}${retryOptions}`;
}

/** The id of the message of ours that a status is about; undefined for a message that somebody else sent. */
export function messageOf(captureUrl: string): string | undefined {
  if (!URL.canParse(captureUrl)) return undefined;
  const id = new URL(captureUrl).searchParams.get(parameter) ?? '';
  return idPattern.test(id) ? id : undefined;
}
