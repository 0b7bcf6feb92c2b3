import { retryOptions } from './verify.js';

const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What our own URLs say of what they belong to. Never a number: URLs stand in the logs of proxies. */
export type OwnParameter = 'message' | 'call';

/** Where Twilio reports on one message or call of ours: the webhook, with its id, which the signature covers. */
export function withOwnId(webhookUrl: string, parameter: OwnParameter, id: string): string {
  return `${webhookUrl}?${parameter}=${id}${retryOptions}`;
}

/** The id of the message or call of ours that a request is about; undefined for one that somebody else made. */
export function ownIdOf(captureUrl: string, parameter: OwnParameter): string | undefined {
  if (!URL.canParse(captureUrl)) return undefined;
  const id = new URL(captureUrl).searchParams.get(parameter) ?? '';
  return idPattern.test(id) ? id : undefined;
}
