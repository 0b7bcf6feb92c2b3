import type { Capture, Parsed } from 'archway/sdk';
import { Form, isForm, notForm, readFields } from '../../providers/twilio/form.js';
import { ownIdOf } from '../../providers/twilio/own-url.js';
import { listedEndpoint, readListed } from './listed.js';
import { readMessage } from './message.js';
import { readReceipt } from './receipt.js';

/**
 * Reads one webhook of Twilio's Programmable Messaging, or one message that its API listed. What a webhook is follows from its fields and not from the endpoint, as
 * the two URLs are easily pasted the wrong way round.
 */
export function parse(capture: Capture): Parsed {
  if (capture.endpoint === listedEndpoint) return readListed(capture);
  if (!isForm(capture)) return notForm(capture);
  const form = new Form(readFields(capture.body));
  if (isReceipt(form)) return readReceipt(form, ownIdOf(capture.url, 'message'));
  if (isMessage(form)) return readMessage(form);
  return { kind: 'unsupported', reason: 'a form that is neither an inbound message nor a message status' };
}

/** Inbound messages carry `SmsStatus=received` and never a `MessageStatus`. */
function isReceipt(form: Form): boolean {
  return form.get('MessageStatus') !== undefined || (form.get('SmsStatus') ?? 'received') !== 'received';
}

function isMessage(form: Form): boolean {
  return form.get('SmsStatus') === 'received' || form.has('Body') || form.has('NumMedia');
}
