import { secretNames } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import connector from './index.js';
import { noticeOf, settingsSchema, voicemailOf } from './settings.js';
import { subject } from './testing.js';

function problemsWith(changes: Record<string, unknown>): string {
  return connector.settings.safeParse({ ...subject.settings, ...changes }).error?.message ?? '';
}

describe('the settings', () => {
  it('need no more than credentials and a number', () => {
    const { accountSid, authToken, number } = subject.settings;
    const settings = settingsSchema.parse({ accountSid, authToken, number });
    expect(settings).toMatchObject({ ring: 'all', language: 'en-US' });
    expect(noticeOf(settings)).toContain('recorded');
    expect(voicemailOf(settings)).toContain('message');
  });

  it('take the numbers to ring as text with commas or as a list', () => {
    expect(settingsSchema.parse(subject.settings).forwardTo).toEqual(['+14155550110', '+14155550111']);
    expect(problemsWith({ forwardTo: ['+14155550110'] })).toBe('');
  });

  it('refuse what is no number, more numbers than Twilio rings, and the number itself', () => {
    const many = Array.from({ length: 11 }, (_, index) => `+141555501${10 + index}`);
    for (const forwardTo of ['4155550110', '', 'sip:alice@example.com', many, '+12025550100']) {
      expect(problemsWith({ forwardTo }), String(forwardTo)).toContain('forwardTo');
    }
    expect(problemsWith({ number: '202-555-0100' })).toContain('+12025550123');
    expect(problemsWith({ ring: 'random' })).not.toBe('');
  });

  it('refuse a language that Twilio does not speak', () => {
    for (const language of ['de', 'klingon', 'en_US', '']) expect(problemsWith({ language })).not.toBe('');
  });

  it('ask for the words in a language that we have none in, so that no call is recorded without notice', () => {
    const problems = problemsWith({ language: 'ja-JP' });
    expect(problems).toContain('notice');
    expect(problems).toContain('voicemail');
    expect(problemsWith({ language: 'ja-JP', notice: 'この通話は録音されます。', voicemail: 'off' })).toBe(
      '',
    );
  });

  it('refuse an empty notice and a sound file that anybody on the way could change', () => {
    expect(problemsWith({ notice: '' })).not.toBe('');
    expect(problemsWith({ notice: 'http://cdn.example.com/notice.mp3' })).toContain('https://');
    expect(problemsWith({ notice: 'https://cdn.example.com/notice.mp3' })).toBe('');
  });

  it('refuse a number at which nobody could be reached', () => {
    expect(problemsWith({ forwardTo: undefined, voicemail: 'off' })).toContain('forwardTo');
  });

  it('refuse a name that they do not know, and say which they do', () => {
    const problems = problemsWith({ record: 'false' });
    expect(problems).toContain('unknown setting record');
    for (const name of Object.keys(connector.settings.shape)) expect(problems).toContain(name);
  });

  it('mark both tokens as secrets', () => {
    expect(secretNames(connector.settings)).toEqual(['authToken', 'previousAuthToken']);
  });
});

it('the notice and the greeting are there in every language that needs no words of the operator', () => {
  for (const language of ['de-AT', 'en-GB', 'es-MX', 'fr-CA', 'it-IT', 'nl-BE', 'pl-PL', 'pt-BR']) {
    const settings = settingsSchema.parse({ ...subject.settings, language });
    const english = settingsSchema.parse({ ...subject.settings, language: 'en-US' });
    expect(noticeOf(settings) === noticeOf(english), language).toBe(language.startsWith('en'));
    expect(voicemailOf(settings) === voicemailOf(english), language).toBe(language.startsWith('en'));
  }
});
