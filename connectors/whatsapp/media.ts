import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type CallContext, type EventAttachment, Failure, type MediaRequest, z } from 'archway/sdk';
import type { Handle } from './session/handle.js';
import { isWhatsApp, type WhatsAppSettings } from './settings.js';

/** Where WhatsApp's media lie. The host in a message is its sender's choice, and not asked unless it is one of these. */
const hosts = ['mmg.whatsapp.net', 'media.whatsapp.net', 'mmg-fallback.cdn.whatsapp.net'];
const [usualHost = ''] = hosts;

/** How the keys of each kind are named when they are derived. */
const purposes: Readonly<Record<string, string>> = {
  image: 'Image',
  video: 'Video',
  audio: 'Audio',
  document: 'Document',
  sticker: 'Image',
  'sticker-pack': 'Sticker Pack',
  'message-history': 'Message History',
  'md-msg-hist': 'History',
};

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

const referenceSchema = z.looseObject({
  directPath: z.string().startsWith('/').max(4_000).optional(),
  url: z.string().max(4_000).optional(),
  mediaKey: base64.optional(),
  fileSha256: base64.optional(),
  mediaType: z.string(),
  key: z.looseObject({
    remoteJid: z.string(),
    id: z.string(),
    fromMe: z.boolean(),
    participant: z.string().optional(),
  }),
});

export type MediaReference = z.infer<typeof referenceSchema>;

const gone = (detail: string) => new Failure('rejected', detail);

/** The file of a message: on WhatsApp's media hosts, encrypted under a key that the message holds. */
export function media(
  { reference }: EventAttachment,
  { settings, session }: Pick<CallContext<WhatsAppSettings>, 'settings' | 'session'>,
): MediaRequest {
  const file = readReference(reference);
  return requestOf(file, settings, async (again) => {
    const handle = session as Handle | undefined;
    if (handle === undefined) {
      throw new Failure(
        'unavailable',
        'The file has to be put up again by the phone, and the session is not open.',
      );
    }
    const directPath = await handle.renewMedia(again);
    return requestOf({ ...again, directPath }, settings);
  });
}

function readReference(reference: string | undefined): MediaReference {
  if (reference === undefined) throw gone('The message does not say where its file lies.');
  const read = referenceSchema.safeParse(JSON.parse(reference));
  if (!read.success) throw gone('The message does not say where its file lies.');
  return read.data;
}

function requestOf(
  file: MediaReference,
  settings: WhatsAppSettings,
  renew?: (file: MediaReference) => Promise<MediaRequest>,
): MediaRequest {
  const { mediaKey, fileSha256, mediaType } = file;
  const purpose = purposes[mediaType];
  if (mediaKey === undefined || purpose === undefined) throw gone('The message holds no key to its file.');
  const url = mediaUrl(file, settings);
  return {
    url,
    hosts: [new URL(url).host],
    ...(fileSha256 !== undefined && { sha256: Buffer.from(fileSha256, 'base64').toString('hex') }),
    decode: (body) => decodeMedia(body, Buffer.from(mediaKey, 'base64'), purpose),
    ...(renew !== undefined && { renew: () => renew(file) }),
  };
}

/**
 * @throws {Failure} `rejected` for a host that is not WhatsApp's. A loopback host is a test double's; whether it may be asked is
 * for the gateway to say.
 */
export function mediaUrl(
  { url, directPath }: Pick<MediaReference, 'url' | 'directPath'>,
  settings: WhatsAppSettings,
): string {
  const given = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  if (!isWhatsApp(settings)) {
    const { hostname } = new URL(settings.socketUrl);
    if (given?.hostname === hostname)
      return directPath === undefined ? given.href : `${given.origin}${directPath}`;
    if (directPath !== undefined) return `${httpOrigin(settings.socketUrl)}${directPath}`;
  }
  const host = given !== undefined && hosts.includes(given.host) ? given.host : usualHost;
  if (directPath !== undefined) return `https://${host}${directPath}`;
  if (given?.protocol === 'https:' && hosts.includes(given.host)) return given.href;
  throw gone('The file does not lie at one of WhatsApp’s media hosts.');
}

function httpOrigin(socketUrl: string): string {
  const { protocol, host } = new URL(socketUrl);
  return `${protocol === 'wss:' ? 'https:' : 'http:'}//${host}`;
}

const macLength = 10;
const blockLength = 16;

/**
 * AES-256-CBC, with the first ten bytes of an HMAC-SHA-256 over iv and ciphertext behind it. Pieces are passed on before the HMAC
 * is known; the gateway keeps nothing of a stream that ends with an error.
 *
 * @throws {Failure} `rejected` when it is cut off or was changed.
 */
export async function* decodeMedia(
  body: AsyncIterable<Uint8Array>,
  mediaKey: Uint8Array,
  purpose: string,
): AsyncGenerator<Uint8Array> {
  const expanded = Buffer.from(
    hkdfSync('sha256', mediaKey, new Uint8Array(), `WhatsApp ${purpose} Keys`, 112),
  );
  const iv = expanded.subarray(0, 16);
  const decipher = createDecipheriv('aes-256-cbc', expanded.subarray(16, 48), iv);
  const hmac = createHmac('sha256', expanded.subarray(48, 80)).update(iv);
  // The last bytes that came, which may be the code behind the ciphertext.
  let held: Buffer = Buffer.alloc(0);
  let length = 0;
  for await (const piece of body) {
    const whole = Buffer.concat([held, piece]);
    const ready = whole.subarray(0, Math.max(0, whole.length - macLength));
    held = whole.subarray(ready.length);
    length += ready.length;
    hmac.update(ready);
    const plaintext = decipher.update(ready);
    if (plaintext.length > 0) yield plaintext;
  }
  const wrong = () => gone('The file is not what its sender encrypted, or was cut off.');
  if (held.length !== macLength || length === 0 || length % blockLength !== 0) throw wrong();
  if (!timingSafeEqual(hmac.digest().subarray(0, macLength), held)) throw wrong();
  try {
    const last = decipher.final();
    if (last.length > 0) yield last;
  } catch (error) {
    if (error instanceof Error) throw wrong();
    throw error;
  }
}
