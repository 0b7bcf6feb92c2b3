import type { Capture, Reply } from 'archway/sdk';
import { Form, isForm, readFields } from '../../providers/twilio/form.js';
import { ownIdOf } from '../../providers/twilio/own-url.js';
import { isReport } from './leg.js';
import type { VoiceSettings } from './settings.js';
import { connect, goOn, hangUp, sayNotice, takeCall } from './twiml.js';
import { siblingsOf, turnOf } from './urls.js';

const connected = new Set(['completed', 'answered']);

/**
 * A call that comes in is told what to do; a report is only taken. Which of the two it is follows from the form, since both
 * URLs are pasted by hand.
 */
export function replyToNumber(capture: Capture, settings: VoiceSettings): Reply {
  const form = formOf(capture);
  const isNew = /^(?:queued|ringing|in-progress)$/.test(form.get('CallStatus') ?? '');
  if (!isNew || isReport(form)) return nothing();
  return twiml(takeCall(settings, siblingsOf(capture.url)));
}

/** `<Dial>` has ended: whoever was connected has finished; else the next number, or the voicemail. */
export function replyToDial(capture: Capture, settings: VoiceSettings): Reply {
  const form = formOf(capture);
  const isOver = connected.has(form.get('DialCallStatus') ?? '') || form.get('CallStatus') !== 'in-progress';
  const isOutgoing = ownIdOf(capture.url, 'call') !== undefined || form.get('Direction') !== 'inbound';
  if (isOver || isOutgoing) return twiml(hangUp());
  return twiml(goOn(settings, siblingsOf(capture.url), turnOf(capture.url) + 1));
}

/** The other side of a call that goes out has come. */
export function replyToNotice(capture: Capture, settings: VoiceSettings): Reply {
  return twiml(sayNotice(settings, siblingsOf(capture.url), ownIdOf(capture.url, 'call')));
}

/** The other side has heard the notice, and the recording has started (see recording-start.ts). */
export function replyToConnect(): Reply {
  return twiml(connect());
}

/** A message was left. */
export function replyToVoicemail(): Reply {
  return twiml(hangUp());
}

export function nothing(): Reply {
  return { status: 204, headers: {}, body: '' };
}

function formOf(capture: Capture): Form {
  return new Form(isForm(capture) ? readFields(capture.body) : []);
}

function twiml(body: string): Reply {
  return { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body };
}
