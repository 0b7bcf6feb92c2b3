import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import { noticeOf, type VoiceSettings, voicemailOf } from './settings.js';
import type { SiblingUrl } from './urls.js';

/**
 * What a call shall do, as Twilio's own library writes it. The order of the verbs is the promise: nothing that records stands
 * before the end of the notice (docs/decisions/0019-notice-before-recording.md).
 */

/** How long one number, or all of them, ring. */
const ringSeconds = 25;
/** A call that nobody takes leaves no more than this. */
const messageSecondsMax = 300;
/** Silence that ends a message. */
const silenceSeconds = 10;

const legEvents: NonNullable<VoiceResponse.NumberAttributes['statusCallbackEvent']> = [
  'initiated',
  'ringing',
  'answered',
  'completed',
];
export const recordingEvents: NonNullable<VoiceResponse.RecordingAttributes['recordingStatusCallbackEvent']> =
  ['in-progress', 'completed', 'absent'];

/** A call comes in: the notice, then the custodian, or where there is nobody to ring the voicemail. */
export function takeCall(settings: VoiceSettings, url: SiblingUrl): string {
  const response = new VoiceResponse();
  say(response, settings, noticeOf(settings));
  ringOrTakeMessage(response, settings, url, 0);
  return response.toString();
}

/** The number at this place did not come: the next one, or the voicemail. */
export function goOn(settings: VoiceSettings, url: SiblingUrl, place: number): string {
  const response = new VoiceResponse();
  ringOrTakeMessage(response, settings, url, place);
  return response.toString();
}

/** There is nothing more to do. */
export function hangUp(): string {
  const response = new VoiceResponse();
  response.hangup();
  return response.toString();
}

/** What the custodian hears when a call goes out and he was rung first: the notice; then the other side is rung. */
export function callOut(settings: VoiceSettings, to: string, call: string, url: SiblingUrl): string {
  const response = new VoiceResponse();
  say(response, settings, noticeOf(settings));
  const dial = response.dial({
    callerId: settings.number,
    answerOnBridge: true,
    timeout: 2 * ringSeconds,
    action: url('dial', { call }),
  });
  dial.number(
    { url: url('notice', { call }), statusCallback: url('status', { call }), statusCallbackEvent: legEvents },
    to,
  );
  return response.toString();
}

/**
 * What the other side of a call that goes out hears before the two are connected: the notice, to its end whatever key is pressed.
 * Then Twilio asks what comes next; by that request the gateway knows that the notice is over. A document that is played there
 * may hold no other verbs than these (https://www.twilio.com/docs/voice/twiml/number#attributes-url).
 */
export function sayNotice(settings: VoiceSettings, url: SiblingUrl, call: string | undefined): string {
  const response = new VoiceResponse();
  say(response, settings, noticeOf(settings));
  response.gather({
    input: ['dtmf'],
    numDigits: 1,
    timeout: 1,
    actionOnEmptyResult: true,
    action: url('connect', { call }),
  });
  return response.toString();
}

/** Nothing more to hear: the two are connected. */
export function connect(): string {
  return new VoiceResponse().toString();
}

function ringOrTakeMessage(
  response: VoiceResponse,
  settings: VoiceSettings,
  url: SiblingUrl,
  place: number,
): void {
  const { forwardTo = [], ring } = settings;
  const numbers = ring === 'all' ? (place === 0 ? forwardTo : []) : forwardTo.slice(place, place + 1);
  const greeting = voicemailOf(settings);
  if (numbers.length > 0) ringCustodian(response, numbers, url, place);
  else if (greeting === undefined) response.hangup();
  else takeMessage(response, settings, greeting, url);
}

function ringCustodian(
  response: VoiceResponse,
  numbers: readonly string[],
  url: SiblingUrl,
  place: number,
): void {
  const dial = response.dial({
    record: 'record-from-answer-dual',
    trim: 'do-not-trim',
    recordingStatusCallback: url('recording'),
    recordingStatusCallbackEvent: recordingEvents,
    timeout: ringSeconds,
    action: url('dial', { turn: place }),
  });
  for (const number of numbers) {
    dial.number({ statusCallback: url('status'), statusCallbackEvent: legEvents }, number);
  }
}

function takeMessage(
  response: VoiceResponse,
  settings: VoiceSettings,
  greeting: string,
  url: SiblingUrl,
): void {
  say(response, settings, greeting);
  response.record({
    playBeep: true,
    maxLength: messageSecondsMax,
    timeout: silenceSeconds,
    finishOnKey: '#',
    trim: 'do-not-trim',
    // Without an action of its own Twilio would ask the current URL again, and record for ever.
    action: url('voicemail'),
    recordingStatusCallback: url('recording'),
    recordingStatusCallbackEvent: recordingEvents,
  });
  response.hangup();
}

function say(response: VoiceResponse, { language }: VoiceSettings, words: string): void {
  if (/^https:/i.test(words)) response.play(words);
  else response.say({ language }, words);
}
