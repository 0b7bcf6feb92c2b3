import { type Accepted, type CallContext, Failure, type OutboundMessage } from 'archway/sdk';
import { HttpClient } from '../../providers/twilio/http-client.js';
import { failureOf } from '../../providers/twilio/refusal.js';
import { messageKey } from './ids.js';
import type { TwilioSettings } from './settings.js';
import { withMessage } from './status-url.js';

/**
 * Sends one message by the Messages resource. Twilio has no idempotency key for it, so nothing is ever repeated here: the
 * library builds the request, and our own client carries it once.
 *
 * Source: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
export async function send(
  message: OutboundMessage,
  { settings, signal }: CallContext<TwilioSettings>,
): Promise<Accepted> {
  // Loaded when it is used: a gateway that only captures need not wait for it.
  const { default: twilio } = await import('twilio');
  const httpClient = new HttpClient(signal);
  const client = twilio(settings.accountSid, settings.authToken, {
    httpClient: httpClient as never,
    autoRetry: false,
  });
  if (settings.apiBaseUrl !== undefined) client.api.baseUrl = settings.apiBaseUrl.replace(/\/+$/, '');
  const { text, media, from, to } = message;
  let sid: unknown;
  try {
    ({ sid } = await client.messages.create({
      from: from.asReceived,
      to: to.asReceived,
      ...(settings.messagingServiceSid !== undefined && {
        messagingServiceSid: settings.messagingServiceSid,
      }),
      ...(text !== undefined && text !== '' && { body: text }),
      ...(media.length > 0 && { mediaUrl: media.map(({ url }) => url) }),
      statusCallback: withMessage(message.callbackUrl('status'), message.id),
    }));
  } catch (error) {
    throw failureOf(error, httpClient.answered, 'message');
  }
  if (typeof sid !== 'string' || !/^[A-Za-z0-9]{34}$/.test(sid)) {
    throw new Failure('indeterminate', 'Twilio answered with success, but without the id of a message.');
  }
  return { providerId: sid, aliases: [messageKey(sid)] };
}
