import { readdirSync } from 'node:fs';
import { eventSchema, type MessageEvent, type Parsed } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import connector from './index.js';
import { parse } from './parse.js';
import { captureOf, subject } from './testing.js';

function parseForm(fields: Record<string, string> | [string, string][], endpoint = 'messages'): Parsed {
  return parse(captureOf(endpoint, new URLSearchParams(fields).toString()));
}

function messageFrom(fields: Record<string, string> | [string, string][]): MessageEvent {
  const parsed = parseForm(fields);
  const [event] = parsed.kind === 'events' ? parsed.events : [];
  if (event?.kind !== 'message') throw new Error(`not a message: ${JSON.stringify(parsed)}`);
  eventSchema.parse(event);
  return event;
}

const sms = {
  MessageSid: 'SM2f0c6b8e5a1d4c3b9e7f6a5d4c3b2a10',
  From: '+12025550123',
  To: '+12025550100',
  Body: 'hello',
  SmsStatus: 'received',
};

describe('every fixture', () => {
  it.each(subject.fixtures.map((fixture) => [fixture.name, fixture] as const))(
    '%s',
    (_name, { capture, expected }) => {
      expect(parse(capture)).toEqual(expected);
    },
  );

  it('is named as its file', () => {
    const files = readdirSync(new URL('./fixtures/', import.meta.url)).sort();
    expect(subject.fixtures.map((fixture) => `${fixture.name}.json`)).toEqual(files);
  });

  it('together they show every kind that the connector declares', () => {
    const events = subject.fixtures.flatMap(({ expected }) =>
      expected.kind === 'events' ? expected.events : [],
    );
    expect(new Set(events.map((event) => event.kind))).toEqual(new Set(connector.capabilities.events));
  });
});

describe('a message', () => {
  it('is known by its content, whichever URL it was posted to', () => {
    expect(parseForm(sms, 'status')).toEqual(parseForm(sms, 'messages'));
  });

  it('reads the same when Twilio posts it again to a fallback URL', () => {
    const again = { ...sms, ErrorCode: '11200', ErrorUrl: 'https://archway.example.com/webhooks/a/messages' };
    expect(messageFrom(again)).toEqual(messageFrom(sms));
  });

  it('is found under the older names of its id', () => {
    const { MessageSid, ...rest } = sms;
    expect(messageFrom({ ...rest, SmsSid: MessageSid }).key).toBe(messageFrom(sms).key);
    expect(messageFrom({ ...rest, SmsMessageSid: MessageSid }).key).toBe(messageFrom(sms).key);
  });

  it('keeps its text to the letter', () => {
    const text = ' \0 line one\r\nline two \u{1f44d}\u200d e\u0301 ';
    expect(messageFrom({ ...sms, Body: text }).text).toBe(text);
  });

  it('keeps an empty text apart from none', () => {
    const { Body: _none, ...rest } = sms;
    expect(messageFrom({ ...sms, Body: '' }).text).toBe('');
    expect(messageFrom(rest).text).toBeUndefined();
  });

  it('shares its conversation with the receipts of what was sent to the same person', () => {
    const receipt = parseForm(
      { MessageSid: 'SM1', MessageStatus: 'sent', From: sms.To, To: sms.From },
      'status',
    );
    const picture = messageFrom({ ...sms, NumMedia: '1' });
    expect(receipt).toMatchObject({ events: [{ conversation: messageFrom(sms).conversation }] });
    expect(picture).toMatchObject({ channel: 'mms', conversation: messageFrom(sms).conversation });
  });

  it('is one address on SMS and on WhatsApp, in two conversations', () => {
    const chat = messageFrom({ ...sms, From: 'whatsapp:+12025550123', To: 'whatsapp:+12025550100' });
    expect(chat.from.value).toBe(messageFrom(sms).from.value);
    expect(chat.conversation).not.toBe(messageFrom(sms).conversation);
  });

  it('keeps a WhatsApp sender without a number under the id', () => {
    const { from } = messageFrom({ ...sms, From: 'whatsapp:US.13491208655302741918' });
    expect(from).toMatchObject({ scheme: 'whatsapp', value: 'US.13491208655302741918' });
  });

  it('gives members of a group one conversation, whoever writes', () => {
    const other = '+12025550145';
    const first = messageFrom({ ...sms, OtherRecipients0: other });
    const second = messageFrom({ ...sms, From: other, OtherRecipients0: sms.From });
    expect(first.conversation).toBe(second.conversation);
    expect(first.conversation).not.toBe(messageFrom(sms).conversation);
  });

  it('takes the first of a repeated field and keeps the others', () => {
    const message = messageFrom([...Object.entries(sms), ['Body', 'second'], ['Body', 'third']]);
    expect(message.text).toBe('hello');
    expect(message.provider).toMatchObject({ 'Body[2]': 'second', 'Body[3]': 'third' });
  });

  it('reads the same when a field comes twice with one value, as the signature cannot tell', () => {
    expect(messageFrom([...Object.entries(sms), ...Object.entries(sms)])).toEqual(messageFrom(sms));
  });

  it('makes no consent record of a word alone', () => {
    expect(parseForm({ ...sms, Body: 'STOP' })).toMatchObject({ events: [{ kind: 'message' }] });
    expect(parseForm({ ...sms, Body: 'STOP', OptOutType: 'MAYBE' })).toMatchObject({
      events: [{ kind: 'message' }],
    });
  });
});

describe('what is too much', () => {
  it('is shortened or left out, and the event stays valid', () => {
    const long = `${'x'.repeat(2_500)}👍`;
    const { provider, from, attachments } = messageFrom({
      ...sms,
      ProfileName: long,
      NumMedia: '999999999',
      MediaUrl0: `https://api.twilio.com/${long}${long}`,
      MediaContentType0: long,
      Extra: long,
      [long]: 'a name too long',
    });
    expect(from.name).toHaveLength(500);
    expect(attachments).toHaveLength(100);
    expect(attachments[0]).toEqual({ key: `media/${sms.MessageSid}/0` });
    expect(provider?.Extra).toHaveLength(2_000);
    expect(provider?.Extra).toMatch(/x…$/);
    expect(provider?.['(left out)']).toBe('1 fields');
  });

  it('is not cut within a character', () => {
    const { provider } = messageFrom({ ...sms, Extra: `${'x'.repeat(1_998)}👍👍` });
    expect(provider?.Extra?.isWellFormed()).toBe(true);
  });

  it('is counted: 10,000 fields', () => {
    const fields = Array.from({ length: 10_000 }, (_, index): [string, string] => [
      `Field${index}`,
      `${index}`,
    ]);
    const { text, provider } = messageFrom([...fields, ...Object.entries(sms)]);
    expect(text).toBe('hello');
    expect(Object.keys(provider ?? {})).toHaveLength(501);
    // 10,000 and MessageSid and SmsStatus, less 500.
    expect(provider?.['(left out)']).toBe('9502 fields');
  });

  it('is counted: a name that no object can hold', () => {
    expect(messageFrom([...Object.entries(sms), ['__proto__', 'x']]).provider?.['(left out)']).toBe(
      '1 fields',
    );
  });

  it('is not an address of more than 320 characters', () => {
    expect(parseForm({ ...sms, From: '1'.repeat(321) })).toEqual({
      kind: 'unsupported',
      reason: 'an inbound message whose From is missing or not usable',
    });
  });

  it('does not make the id of a conversation too long', () => {
    const group = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [
        `OtherRecipients${index}`,
        `+1202555${`${index}`.padStart(4, '0')}`,
      ]),
    );
    const { conversation, to } = messageFrom({ ...sms, ...group });
    expect(to).toHaveLength(101);
    expect(conversation).toMatch(/^tel\|sha256:[0-9a-f]{64}$/);
  });
});

describe('a status', () => {
  it('has a key for each different report, and the same key for the same report again', () => {
    const keys = [
      { MessageStatus: 'sent' },
      { MessageStatus: 'failed' },
      { MessageStatus: 'failed', ErrorCode: '30003' },
      { MessageStatus: 'failed', ErrorCode: '30003', RawDlrDoneDate: '2611230932' },
    ];
    const keyOf = (fields: Record<string, string>) => {
      const parsed = parseForm({ MessageSid: 'SM1', ...fields }, 'status');
      return parsed.kind === 'events' ? parsed.events[0]?.key : undefined;
    };
    expect(new Set(keys.map(keyOf)).size).toBe(keys.length);
    expect(keyOf({ MessageStatus: 'sent' })).toMatch(/^receipt\/SM1\/sent\/[0-9a-f]{16}$/);
    expect(keys.map(keyOf)).toEqual(keys.map(keyOf));
  });

  it('may come under its older name', () => {
    expect(parseForm({ SmsSid: 'SM1', SmsStatus: 'delivered' })).toMatchObject({
      events: [{ status: 'delivered' }],
    });
  });

  it('claims no time, as Twilio gives none with a time zone', () => {
    const parsed = parseForm({ MessageSid: 'SM1', MessageStatus: 'delivered', RawDlrDoneDate: '2611230931' });
    expect(parsed).toMatchObject({ events: [{ provider: { RawDlrDoneDate: '2611230931' } }] });
    expect(parsed).not.toMatchObject({ events: [{ occurredAt: expect.anything() }] });
  });

  it('that is unknown is named only when it is a word', () => {
    expect(parseForm({ MessageSid: 'SM1', MessageStatus: 'call +12025550123 now' })).toEqual({
      kind: 'unsupported',
      reason: 'the message status (not a word) is not known',
    });
  });
});
