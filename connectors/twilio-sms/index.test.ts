import { secretNames } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import connector from './index.js';
import { captureOf, subject } from './testing.js';

const settings = connector.settings.parse(subject.settings);

function problemsWith(changes: Record<string, unknown>): string {
  return connector.settings.safeParse({ ...subject.settings, ...changes }).error?.message ?? '';
}

describe('the settings', () => {
  it('take the numbers as text with commas or as a list', () => {
    expect(settings.numbers).toEqual(['+12025550100', 'whatsapp:+12025550101', '20255']);
    const list = { ...subject.settings, numbers: ['+12025550100'] };
    expect(connector.settings.parse(list).numbers).toEqual(['+12025550100']);
  });

  it('take alphanumeric senders and senders of other channels', () => {
    const numbers = 'ACME Wealth, rcs:acme_agent, messenger:104856';
    expect(problemsWith({ numbers })).toBe('');
  });

  it('refuse what is not a sender, with an example', () => {
    for (const numbers of [
      '2025550100123',
      '+1 202 555 0100',
      '12',
      '',
      'whatsapp:',
      'ACME Wealth Management',
    ]) {
      expect(problemsWith({ numbers }), numbers).not.toBe('');
    }
    expect(problemsWith({ numbers: '+1 202 555 0100' })).toContain('+12025550100');
  });

  it('refuse an account id of another kind, an empty token and a URL without a scheme', () => {
    expect(problemsWith({ accountSid: 'SK0123456789abcdef0123456789abcdef' })).toContain('AC');
    expect(problemsWith({ authToken: '' })).not.toBe('');
    expect(problemsWith({ previousAuthToken: '' })).not.toBe('');
    expect(problemsWith({ apiBaseUrl: 'api.twilio.com' })).toContain('https://api.twilio.com');
    expect(problemsWith({ apiBaseUrl: 'ftp://api.twilio.com' })).not.toBe('');
  });

  it('refuse a name that they do not know, and say which they do', () => {
    const problems = problemsWith({ auth_token: 'x' });
    expect(problems).toContain('unknown setting auth_token');
    for (const name of Object.keys(connector.settings.shape)) expect(problems).toContain(name);
  });

  it('mark both tokens as secrets', () => {
    expect(secretNames(connector.settings)).toEqual(['authToken', 'previousAuthToken']);
  });
});

describe('the connector', () => {
  it('knows its own addresses in canonical form, each once', () => {
    const numbers = ['+12025550100', 'whatsapp:+12025550100', '20255', 'rcs:acme_agent'];
    expect(connector.ownAddresses({ ...settings, numbers })).toEqual([
      '+12025550100',
      '20255',
      'rcs:acme_agent',
    ]);
  });

  it('answers a message with TwiML that sends nothing, and a status with no body', () => {
    const { messages, status } = connector.webhooks;
    expect(messages?.reply?.(captureOf('messages', ''), settings)).toEqual({
      status: 200,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
    });
    expect(status?.reply?.(captureOf('status', ''), settings)).toMatchObject({ status: 204, body: '' });
  });
});
