import { secretNames } from 'archway/sdk';
import { describe, expect, test } from 'vitest';
import { settingsSchema } from './settings.js';
import { otherSecret, testSecret } from './testing.js';

const url = 'https://archive.example/archway?tenant=7';

/** What is said about settings that are not taken. */
function complaint(settings: Record<string, unknown>): string {
  const checked = settingsSchema.safeParse({ url, secret: testSecret, ...settings });
  if (checked.success) throw new Error('The settings were taken.');
  return checked.error.issues.map((issue) => issue.message).join('; ');
}

describe('settings', () => {
  test('as the command line gives them get their types', () => {
    const given = { url, secret: testSecret, previousSecret: otherSecret };
    expect(settingsSchema.parse({ ...given, batch: '20', allowPrivate: 'true', timeoutMs: '2500' })).toEqual({
      ...given,
      batch: 20,
      allowPrivate: true,
      timeoutMs: 2500,
    });
    expect(settingsSchema.parse({ ...given, allowPrivate: 'false' }).allowPrivate).toBe(false);
  });

  test('can be stored as JSON and are the same when they are read again', () => {
    const settings = settingsSchema.parse({ url, secret: testSecret, batch: '20' });
    expect(settingsSchema.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  test('have defaults for all but the url and the secret', () => {
    const defaults = { batch: 1, allowPrivate: false, timeoutMs: 10_000 };
    expect(settingsSchema.parse({ url, secret: testSecret })).toEqual({
      url,
      secret: testSecret,
      ...defaults,
    });
  });

  test('keep both secrets out of sight', () => {
    expect(secretNames(settingsSchema)).toEqual(['secret', 'previousSecret']);
  });

  test.each([
    ['0', '1 to 100'],
    ['101', '1 to 100'],
    ['1.5', '1 to 100'],
    ['-1', '1 to 100'],
    ['many', '1 to 100'],
    [Number.NaN, '1 to 100'],
  ])('take no batch of %s', (batch, words) => {
    expect(complaint({ batch })).toContain(words);
  });

  test.each(['999', '30001', '', '1e4'])('take no timeout of "%s"', (timeoutMs) => {
    expect(complaint({ timeoutMs })).toContain('1000 to 30000');
  });

  test.each(['yes', '', 1, 'TRUE'])('take no allowPrivate of %s', (allowPrivate) => {
    expect(complaint({ allowPrivate })).toContain('true or false');
  });

  test.each([
    ['archive.example', 'https://'],
    ['/archway', 'https://'],
    ['ftp://archive.example/', 'https://'],
    ['file:///etc/passwd', 'https://'],
    ['https://admin:hunter2@archive.example/', 'no password'],
    ['https://admin@archive.example/', 'no user name'],
    ['https://archive.example/#top', 'fragment'],
    ['https://archive.example:0/', 'port'],
    ['https://[fe80::1%25eth0]/', 'https://'],
  ])('take no url %s, and do not repeat it', (wrong, words) => {
    expect(complaint({ url: wrong })).toContain(words);
    expect(complaint({ url: wrong })).not.toMatch(/hunter2|admin|passwd/);
  });

  test.each([
    ['without its prefix', testSecret.slice(6)],
    ['that is too short', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['that is too long', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['that is no base64', 'whsec_not*base64*at*all*but*long*enough'],
    ['in the alphabet of URLs', `whsec_${'_-'.repeat(20)}`],
    ['without its padding', `whsec_${Buffer.alloc(32, 7).toString('base64').replace('=', '')}`],
    ['of other spelling for the same bytes', `whsec_${'A'.repeat(42)}B=`],
  ])('take no secret %s, and do not repeat it', (_, secret) => {
    for (const name of ['secret', 'previousSecret']) {
      expect(complaint({ [name]: secret })).toContain('openssl rand');
      expect(complaint({ [name]: secret })).not.toContain(secret.slice(6));
    }
  });
});
