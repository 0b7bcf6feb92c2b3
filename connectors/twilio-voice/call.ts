import type { Accepted, CallContext, CallRequest, OutboundCall, RoutedCall } from 'archway/sdk';
import { conversationOf, readParty } from '../../providers/twilio/addresses.js';
import { failureOf } from '../../providers/twilio/refusal.js';
import { openSendingClient, takenAs } from '../../providers/twilio/sending-client.js';
import { legKey } from './keys.js';
import type { VoiceSettings } from './settings.js';
import { callOut } from './twiml.js';
import { withCarried } from './urls.js';

const numberPattern = /^\+[1-9]\d{6,14}$/;
const ringSeconds = 40;

/** From the account's number; the custodian is rung where the request says, else at the first of `forwardTo`. */
export function routeCall({ to, ring }: CallRequest, settings: VoiceSettings): RoutedCall {
  const { number, forwardTo } = settings;
  const rung = ring ?? forwardTo?.[0];
  if (rung === undefined) {
    return refused(
      'Say where the custodian is to be rung first, or give the account numbers in its setting forwardTo.',
    );
  }
  const [from, called, custodian] = [number, to, rung].map((end) =>
    numberPattern.test(end) ? readParty(end) : undefined,
  );
  if (from === undefined || called === undefined || custodian === undefined) {
    return refused('Both numbers must be in E.164 form, such as +12025550123.');
  }
  if (to === number || rung === number || to === rung) {
    return refused(
      'The account’s number, the one to call and the one to ring first must be three different ones.',
    );
  }
  return {
    ok: true,
    route: {
      from: from.address,
      to: called.address,
      ring: custodian.address,
      conversation: conversationOf('tel', [from, called]),
      channel: 'voice',
    },
  };
}

/**
 * Has Twilio ring the custodian and tells it right away what to do then. Twilio has no idempotency key for it, so nothing is
 * ever repeated here. What to do is not asked for by URL, since a URL would have to hold the number to call.
 *
 * Source: https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource
 */
export async function call(
  { id, from, to, ring, callbackUrl }: OutboundCall,
  { settings, signal }: CallContext<VoiceSettings>,
): Promise<Accepted> {
  const { client, http } = await openSendingClient(settings, signal);
  let sid: unknown;
  try {
    ({ sid } = await client.calls.create({
      from: from.asReceived,
      to: ring.asReceived,
      twiml: callOut(settings, to.asReceived, id, (endpoint, carried = {}) =>
        withCarried(callbackUrl(endpoint), carried),
      ),
      timeout: ringSeconds,
      statusCallback: withCarried(callbackUrl('status'), { call: id }),
      // Repeated, one for each: Twilio takes no list in one.
      statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
    }));
  } catch (error) {
    throw failureOf(error, http.answered, 'call');
  }
  const providerId = takenAs(sid, 'call');
  return { providerId, aliases: [legKey(providerId)] };
}

function refused(reason: string): RoutedCall {
  return { ok: false, reason };
}
