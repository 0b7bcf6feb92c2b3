import { createHash, createHmac } from 'node:crypto';

export const accountSid = 'AC00000000000000000000000000000d10';
export const authToken = 'a-made-up-twilio-auth-token-demo';

/** A webhook request as Twilio makes it. */
export interface TwilioRequest {
  readonly endpoint: string;
  /** What our own URL carries, such as `turn=0`. */
  readonly query?: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Where the requests go, and with what they are signed. */
export interface Target {
  /** Address of the public listener. */
  readonly listenerUrl: string;
  /** The webhook URLs as pasted at the provider: what Twilio signs. */
  readonly webhooks: Readonly<Record<string, string>>;
  /** Default: that of the account. */
  readonly authToken?: string;
}

/** Sends one request, signed by Twilio's scheme, and returns the status of the answer. */
export async function sendAsTwilio(target: Target, request: TwilioRequest): Promise<number> {
  const publicUrl = new URL(target.webhooks[request.endpoint] as string);
  publicUrl.hash = '';
  if (request.query !== undefined) publicUrl.search = request.query;
  const response = await fetch(`${target.listenerUrl}${publicUrl.pathname}${publicUrl.search}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent': 'TwilioProxy/1.1',
      'x-twilio-signature': signature(target.authToken ?? authToken, publicUrl.href, request.fields),
    },
    body: new URLSearchParams(request.fields),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Source: https://www.twilio.com/docs/usage/security#validating-requests */
function signature(key: string, url: string, fields: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1));
  const signed = url + sorted.map(([name, value]) => name + value).join('');
  return createHmac('sha1', key).update(signed, 'utf8').digest('base64');
}

/** An id as Twilio makes them: two letters and 32 hex digits. */
export function sidOf(prefix: string, seed: string): string {
  return prefix + createHash('md5').update(seed).digest('hex');
}
