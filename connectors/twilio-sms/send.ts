import type { Accepted, CallContext, OutboundMessage } from 'archway/sdk';
import { withOwnId } from '../../providers/twilio/own-url.js';
import { failureOf } from '../../providers/twilio/refusal.js';
import { openSendingClient, takenAs } from '../../providers/twilio/sending-client.js';
import { messageKey } from './ids.js';
import type { TwilioSettings } from './settings.js';

/**
 * Sends one message by the Messages resource. Twilio has no idempotency key for it, so nothing is ever repeated here.
 *
 * Source: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
export async function send(
  message: OutboundMessage,
  { settings, signal }: CallContext<TwilioSettings>,
): Promise<Accepted> {
  const { client, http } = await openSendingClient(settings, signal);
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
      statusCallback: withOwnId(message.callbackUrl('status'), 'message', message.id),
    }));
  } catch (error) {
    throw failureOf(error, http.answered, 'message');
  }
  const providerId = takenAs(sid, 'message');
  return { providerId, aliases: [messageKey(providerId)] };
}
