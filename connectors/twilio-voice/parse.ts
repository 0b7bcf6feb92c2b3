import type { Capture, Given, Parsed } from 'archway/sdk';
import { Form, isForm, notForm, readFields } from '../../providers/twilio/form.js';
import { ownIdOf } from '../../providers/twilio/own-url.js';
import { readDial } from './dial.js';
import { readLeg } from './leg.js';
import { listedCall, listedRecording, readListedCall, readListedRecording } from './listed.js';
import { readRecording } from './recording.js';

/**
 * Reads one webhook of Twilio's Programmable Voice, or one call or recording that its API listed. What a webhook is follows
 * from its fields and not from the endpoint, as URLs are easily pasted the wrong way round.
 */
export function parse(capture: Capture, { ownAddresses }: Given): Parsed {
  if (capture.endpoint === listedCall) return readListedCall(capture);
  if (capture.endpoint === listedRecording) return readListedRecording(capture);
  if (!isForm(capture)) return notForm(capture);
  const form = new Form(readFields(capture.body));
  const { endpoint, url } = capture;
  const circumstances = { ownAddresses, endpoint, ownCall: ownIdOf(url, 'call') };
  if (form.get('RecordingStatus') !== undefined) return readRecording(form, circumstances.ownCall);
  if (form.get('DialCallStatus') !== undefined) return readDial(form, circumstances);
  if (form.get('CallStatus') !== undefined) return readLeg(form, circumstances);
  return { kind: 'unsupported', reason: 'a form that tells neither of a call nor of a recording' };
}
