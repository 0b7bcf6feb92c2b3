import { describe, expect, it } from 'vitest';
import { mediaRequest } from './media.js';
import { settingsSchema } from './settings.js';
import { subject } from './testing.js';

const settings = settingsSchema.parse(subject.settings);
const attachment = {
  key: 'media/MM1/0',
  reference: 'https://api.twilio.com/2010-04-01/Accounts/AC1/Media/ME1',
};

describe('the media of a message', () => {
  it('is asked for at Twilio’s API with the account’s credentials', () => {
    const request = mediaRequest(attachment, { settings });
    expect(request).toMatchObject({ url: attachment.reference, hosts: ['api.twilio.com'] });
    const [scheme, credentials = ''] = request.headers?.authorization?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString()).toBe(
      `${settings.accountSid}:${settings.authToken}`,
    );
  });

  it('may come from Twilio’s content delivery network, by redirect only', () => {
    const request = mediaRequest(attachment, { settings });
    expect(request.redirectHosts).toContain('mms.twiliocdn.com');
    expect(request.hosts).not.toContain('mms.twiliocdn.com');
  });

  it('may be asked for at the address that the settings name', () => {
    const apiBaseUrl = 'http://127.0.0.1:4010/base';
    const request = mediaRequest(attachment, {
      settings: settingsSchema.parse({ ...subject.settings, apiBaseUrl }),
    });
    expect(request.hosts).toEqual(['127.0.0.1:4010', 'api.twilio.com']);
  });

  it('takes no host from the message: it stays for the gateway to refuse', () => {
    const reference = 'https://collector.example/ME1';
    const request = mediaRequest({ ...attachment, reference }, { settings });
    expect(request.hosts).not.toContain('collector.example');
    expect(request.redirectHosts).not.toContain('collector.example');
  });

  it('that was announced without a URL cannot be had', () => {
    expect(() => mediaRequest({ key: 'media/MM1/0' }, { settings })).toThrow(
      expect.objectContaining({ name: 'Failure', kind: 'rejected' }),
    );
  });
});
