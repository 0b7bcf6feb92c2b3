import { describe, expect, it } from 'vitest';
import { mediaRequest } from './media.js';
import { settingsSchema } from './settings.js';
import { subject } from './testing.js';

const reference = '/2010-04-01/Accounts/AC1/Recordings/RE1.wav?RequestedChannels=2';
const requestWith = (changes: Record<string, unknown>, url = reference) =>
  mediaRequest(
    { key: 'recording/RE1', reference: url },
    { settings: settingsSchema.parse({ ...subject.settings, ...changes }) },
  );

describe('the sound of a recording', () => {
  it('is asked for at Twilio’s API, with credentials', () => {
    const request = requestWith({});
    expect(request).toMatchObject({ url: `https://api.twilio.com${reference}`, hosts: ['api.twilio.com'] });
    expect(request.headers?.authorization).toMatch(/^Basic /);
    expect(request.sha256, 'Twilio gives no digest').toBeUndefined();
  });

  it('is asked for at the address that the settings name', () => {
    const request = requestWith({ apiBaseUrl: 'http://127.0.0.1:4010/' });
    expect(request).toMatchObject({
      url: `http://127.0.0.1:4010${reference}`,
      hosts: ['127.0.0.1:4010', 'api.twilio.com'],
    });
  });

  it('is not fetched from a host that a request named', () => {
    const request = requestWith({}, 'https://collector.example/RE1');
    expect([...request.hosts, ...(request.redirectHosts ?? [])]).not.toContain('collector.example');
    expect(() =>
      mediaRequest({ key: 'recording/RE1' }, { settings: settingsSchema.parse(subject.settings) }),
    ).toThrow();
  });
});
