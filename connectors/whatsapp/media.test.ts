import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeMedia, media } from './media.js';
import { settingsSchema } from './settings.js';

const mediaKey = randomBytes(32);
const settings = settingsSchema.parse({});

function encrypt(plain: Uint8Array, purpose = 'Image'): Buffer {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, '', `WhatsApp ${purpose} Keys`, 112));
  const iv = keys.subarray(0, 16);
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(16, 48), iv);
  const bytes = Buffer.concat([cipher.update(plain), cipher.final()]);
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(bytes).digest().subarray(0, 10);
  return Buffer.concat([bytes, mac]);
}

async function* inPieces(bytes: Uint8Array, length: number) {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function decode(bytes: Uint8Array, length = 1_000, purpose = 'Image'): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decodeMedia(inPieces(bytes, length), mediaKey, purpose)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('an encrypted file', () => {
  const plain = randomBytes(5_000);

  it.each([1, 7, 16, 1_000, 100_000])('is opened in pieces of %i bytes', async (length) => {
    expect((await decode(encrypt(plain), length)).equals(plain)).toBe(true);
  });

  it('that was changed, cut off, or is of another kind is refused', async () => {
    const whole = encrypt(plain);
    const changed = Buffer.from(whole);
    changed[100] = (changed[100] ?? 0) ^ 1;
    const refused = { name: 'Failure', kind: 'rejected' };
    for (const bytes of [
      changed,
      whole.subarray(0, -1),
      whole.subarray(0, -16),
      Buffer.alloc(0),
      Buffer.alloc(9),
    ]) {
      await expect(decode(bytes)).rejects.toMatchObject(refused);
    }
    await expect(decode(whole, 1_000, 'Video')).rejects.toMatchObject(refused);
  });
});

describe('where a file is fetched', () => {
  const key = { remoteJid: '447700900123@s.whatsapp.net', id: '3A01', fromMe: false };
  const request = (fields: object, given = settings) => {
    const file = { mediaType: 'image', mediaKey: mediaKey.toString('base64'), key, ...fields };
    return media({ key: 'x', reference: JSON.stringify(file) }, { settings: given });
  };

  it('is one of WhatsApp’s own hosts, whatever the sender says', () => {
    const { url, hosts } = request({ url: 'https://collector.example/v/a', directPath: '/v/a?x=1' });
    expect({ url, hosts }).toEqual({ url: 'https://mmg.whatsapp.net/v/a?x=1', hosts: ['mmg.whatsapp.net'] });
  });

  it.each([
    'https://collector.example/v/a',
    'https://mmg.whatsapp.net.collector.example/v/a',
    'http://127.0.0.1:1/v',
  ])('is never %s', (url) => {
    expect(() => request({ url })).toThrow(expect.objectContaining({ kind: 'rejected' }) as Error);
  });

  it('is this machine only when the socket is a test double too', () => {
    const double = settingsSchema.parse({ socketUrl: 'ws://127.0.0.1:9/ws' });
    expect(request({ url: 'http://127.0.0.1:5/v/a', directPath: '/v/b' }, double).url).toBe(
      'http://127.0.0.1:5/v/b',
    );
    expect(request({ url: 'http://10.0.0.1:5/v/a', directPath: '/v/b' }, double).url).toBe(
      'http://127.0.0.1:9/v/b',
    );
  });

  it('cannot be said without its key', () => {
    expect(() => request({ directPath: '/v/a', mediaKey: undefined })).toThrow(
      expect.objectContaining({ kind: 'rejected' }) as Error,
    );
  });
});
