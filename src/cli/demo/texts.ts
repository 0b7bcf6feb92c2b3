import { desk, lena, marcus, owen, sarah } from './people.js';
import type { Step } from './steps.js';
import { accountSid, sidOf, type TwilioRequest } from './twilio.js';

/** A day of texts at an adviser's desk, as Twilio would post them. */

export const texts = [
  ['Sarah asks', sarah, 'Good morning Dana, did the transfer from my old provider arrive yet?'],
  ['Sarah asks', sarah, 'And could you send me the fee schedule again? I cannot find it.'],
  ['Owen writes', owen, 'Please move 20,000 from the cash account into the bond fund this week.'],
  ['Sarah writes', sarah, 'Found it, thank you. Talk on Thursday at 3.'],
  ['Lena asks', lena, 'Dana, is the Lisbon flat something the pension could hold?'],
  ['Owen writes', owen, 'On second thought make it 15,000 – I need some for the roof.'],
] as const;

/** @param apiUrl where Twilio keeps the pictures. */
export function textsOfTheDay(apiUrl: string): Step<TwilioRequest>[] {
  const steps: Step<TwilioRequest>[] = texts.map(([what, from, text], index) => ({
    what,
    request: sms(`text-${index}`, from, text),
  }));
  steps.splice(2, 0, { what: 'Marcus sends two pictures of a signed form', request: mms(apiUrl) });
  steps.push(
    { what: 'Owen opts out', request: keyword('stop', 'STOP') },
    { what: 'Owen opts in again', request: keyword('start', 'START') },
    ...(['delivered', 'sent', 'queued'] as const).map((status) => ({
      what: `Twilio reports "${status}" (in the wrong order)`,
      request: receipt(status),
    })),
  );
  return steps;
}

function sms(seed: string, from: string, text: string, more: Record<string, string> = {}): TwilioRequest {
  const sid = sidOf('SM', seed);
  return {
    endpoint: 'messages',
    fields: {
      ToCountry: 'US',
      ToState: 'DC',
      SmsMessageSid: sid,
      NumMedia: '0',
      FromCountry: 'US',
      SmsSid: sid,
      SmsStatus: 'received',
      Body: text,
      To: desk,
      NumSegments: '1',
      MessageSid: sid,
      AccountSid: accountSid,
      From: from,
      ApiVersion: '2010-04-01',
      ...more,
    },
  };
}

function mms(apiUrl: string): TwilioRequest {
  const sid = sidOf('MM', 'form');
  const media = (name: string) =>
    `${apiUrl}/2010-04-01/Accounts/${accountSid}/Messages/${sid}/Media/${sidOf('ME', name)}`;
  const { fields } = sms('form', marcus, 'Signed, both pages.', {
    MessageSid: sid,
    SmsSid: sid,
    SmsMessageSid: sid,
    NumMedia: '2',
    MediaContentType0: 'image/jpeg',
    MediaUrl0: media('page-1'),
    MediaContentType1: 'image/jpeg',
    MediaUrl1: media('page-2'),
  });
  return { endpoint: 'messages', fields };
}

function keyword(seed: string, word: 'STOP' | 'START'): TwilioRequest {
  return sms(seed, owen, word, { OptOutType: word });
}

/** About a message that another system sent: its receipts are kept, and wait for it. */
function receipt(status: string): TwilioRequest {
  const sid = sidOf('SM', 'sent-elsewhere');
  return {
    endpoint: 'status',
    fields: {
      SmsSid: sid,
      SmsStatus: status,
      MessageStatus: status,
      To: sarah,
      MessageSid: sid,
      AccountSid: accountSid,
      From: desk,
      ApiVersion: '2010-04-01',
    },
  };
}
