import { createHash } from 'node:crypto';
import type { TwilioRequest } from './requests.js';

/** A day at an adviser's desk, as Twilio would post it. All numbers are from the range reserved for fiction. */

export const accountSid = 'AC00000000000000000000000000000d10';
export const custodian = { name: 'Dana Whitfield', address: '+12025550142' };

const desk = custodian.address;
const sarah = '+12025550171';
const marcus = '+12025550172';
const lena = '+12025550173';
const owen = '+12025550174';

export const texts = [
  ['Sarah asks', sarah, 'Good morning Dana, did the transfer from my old provider arrive yet?'],
  ['Sarah asks', sarah, 'And could you send me the fee schedule again? I cannot find it.'],
  ['Owen writes', owen, 'Please move 20,000 from the cash account into the bond fund this week.'],
  ['Sarah writes', sarah, 'Found it, thank you. Talk on Thursday at 3.'],
  ['Owen writes', owen, 'On second thought make it 15,000 – I need some for the roof.'],
] as const;

export interface Step {
  readonly what: string;
  readonly request: TwilioRequest;
}

export function dayOfTraffic(): Step[] {
  const steps: Step[] = texts.map(([what, from, text], index) => ({
    what,
    request: sms(`text-${index}`, from, text),
  }));
  steps.splice(2, 0, { what: 'Marcus sends two pictures of a signed form', request: mms() });
  steps.splice(4, 0, { what: 'Lena writes on WhatsApp', request: whatsapp() });
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

function mms(): TwilioRequest {
  const sid = sidOf('MM', 'form');
  const media = (name: string) =>
    `https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Messages/${sid}/Media/${sidOf('ME', name)}`;
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

function whatsapp(): TwilioRequest {
  return sms(
    'whatsapp',
    `whatsapp:${lena}`,
    'Hi Dana, is the Lisbon flat something the pension could hold?',
    {
      To: `whatsapp:${desk}`,
      ProfileName: 'Lena',
      WaId: lena.slice(1),
    },
  );
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

function sidOf(prefix: string, seed: string): string {
  return prefix + createHash('md5').update(seed).digest('hex');
}
