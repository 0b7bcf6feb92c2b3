import type { CallContext, Capture } from 'archway/sdk';
import { Form, isForm, readFields } from '../../providers/twilio/form.js';
import { sid } from '../../providers/twilio/ids.js';
import { ownIdOf } from '../../providers/twilio/own-url.js';
import { failureOf } from '../../providers/twilio/refusal.js';
import { openSendingClient } from '../../providers/twilio/sending-client.js';
import type { VoiceSettings } from './settings.js';
import { recordingEvents } from './twiml.js';
import { siblingsOf } from './urls.js';

/**
 * Starts the recording of a call that goes out, at the moment at which both have heard the notice and before they are connected.
 * It is kept with the first leg, whose two sides are the two who talk. Where it fails, the call is not recorded and the gateway
 * says so in a gap: the recording that was expected does not come.
 *
 * Source: https://www.twilio.com/docs/voice/api/recording#create-a-recording-resource
 *
 * @throws {Failure}
 */
export async function startRecording(
  capture: Capture,
  { settings, signal }: CallContext<VoiceSettings>,
): Promise<void> {
  const form = new Form(isForm(capture) ? readFields(capture.body) : []);
  const callSid = sid(form.get('ParentCallSid') ?? form.get('CallSid'));
  // Whoever has hung up during the notice is connected with nobody.
  if (callSid === undefined || form.get('CallStatus') !== 'in-progress') return;
  const { client, http } = await openSendingClient(settings, signal);
  try {
    await client.calls(callSid).recordings.create({
      recordingChannels: 'dual',
      recordingTrack: 'both',
      trim: 'do-not-trim',
      recordingStatusCallback: siblingsOf(capture.url)('recording', { call: ownIdOf(capture.url, 'call') }),
      recordingStatusCallbackEvent: [...recordingEvents],
    });
  } catch (error) {
    throw failureOf(error, http.answered, 'call');
  }
}
