import { describe, expect, it } from 'vitest';
import { requestToApi } from './media.js';
import { madeUpCredentials as settings } from './testing.js';

const url = 'https://api.twilio.com/2010-04-01/Accounts/AC1/Media/ME1';

describe('media at Twilio', () => {
  it('is asked for at Twilio’s API with the account’s credentials', () => {
    const request = requestToApi(url, settings);
    expect(request).toMatchObject({ url, hosts: ['api.twilio.com'] });
    const [scheme, credentials = ''] = request.headers?.authorization?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString()).toBe(
      `${settings.accountSid}:${settings.authToken}`,
    );
  });

  it('may come from Twilio’s content delivery network, by redirect only', () => {
    const request = requestToApi(url, settings);
    expect(request.redirectHosts).toContain('mms.twiliocdn.com');
    expect(request.hosts).not.toContain('mms.twiliocdn.com');
  });

  it('may be asked for at the address that the settings name', () => {
    const apiBaseUrl = 'http://127.0.0.1:4010/base';
    const request = requestToApi(url, { ...settings, apiBaseUrl });
    expect(request.hosts).toEqual(['127.0.0.1:4010', 'api.twilio.com']);
  });

  it('takes no host from the message: it stays for the gateway to refuse', () => {
    const request = requestToApi('https://collector.example/ME1', settings);
    expect(request.hosts).not.toContain('collector.example');
    expect(request.redirectHosts).not.toContain('collector.example');
  });

  it('that was announced without a URL cannot be had', () => {
    expect(() => requestToApi(undefined, settings)).toThrow(
      expect.objectContaining({ name: 'Failure', kind: 'rejected' }),
    );
  });
});
