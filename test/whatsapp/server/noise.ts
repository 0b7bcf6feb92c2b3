import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

/** `WA`, and the versions of the protocol and of the dictionary; it is the prologue of the handshake. */
export const prologue = Buffer.from([0x57, 0x41, 6, 3]);

const protocolName = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0');
const tagBytes = 16;

export interface ExchangeKeyPair {
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicBytes: Buffer;
}

export function makeExchangeKeyPair(): ExchangeKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicBytes: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url') };
}

function agree(own: ExchangeKeyPair, otherBytes: Uint8Array): Buffer {
  const x = Buffer.from(otherBytes).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
  return diffieHellman({ privateKey: own.privateKey, publicKey });
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}

function seal(key: Buffer, counter: number, plain: Uint8Array, associated: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter)).setAAD(associated);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws when the bytes were not sealed with this key, counter and associated data */
function unseal(key: Buffer, counter: number, sealed: Uint8Array, associated: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter)).setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
}

/** The encrypted frames after the handshake. */
export interface Transport {
  encrypt(plain: Uint8Array): Buffer;
  /** @throws for a frame that was changed, repeated or left out */
  decrypt(sealed: Uint8Array): Buffer;
}

/** The server's side of Noise XX: `hello`, then `finish`. One for each connection. */
export class NoiseResponder {
  private hash: Buffer = protocolName;
  private salt: Buffer = protocolName;
  private key: Buffer = protocolName;
  private counter = 0;
  private readonly ephemeral = makeExchangeKeyPair();

  constructor(private readonly staticKey: ExchangeKeyPair) {
    this.mixHash(prologue);
  }

  /** Answers a ClientHello. `certificate` is sent encrypted, as the payload. */
  hello(clientEphemeral: Uint8Array, certificate: Uint8Array) {
    this.mixHash(clientEphemeral);
    this.mixHash(this.ephemeral.publicBytes);
    this.mixKey(agree(this.ephemeral, clientEphemeral));
    const sealedStatic = this.encrypt(this.staticKey.publicBytes);
    this.mixKey(agree(this.staticKey, clientEphemeral));
    return {
      ephemeral: this.ephemeral.publicBytes,
      static: sealedStatic,
      payload: this.encrypt(certificate),
    };
  }

  /**
   * Takes a ClientFinish.
   *
   * @throws when it does not belong to this handshake
   */
  finish(sealedStatic: Uint8Array, sealedPayload: Uint8Array) {
    const clientStatic = this.decrypt(sealedStatic);
    this.mixKey(agree(this.ephemeral, clientStatic));
    const payload = this.decrypt(sealedPayload);
    const [fromClient, toClient] = this.derive(Buffer.alloc(0));
    return { clientStatic, payload, transport: makeTransport(fromClient, toClient) };
  }

  private mixHash(data: Uint8Array): void {
    this.hash = createHash('sha256').update(this.hash).update(data).digest();
  }

  private mixKey(secret: Buffer): void {
    [this.salt, this.key] = this.derive(secret);
    this.counter = 0;
  }

  private derive(secret: Buffer): [Buffer, Buffer] {
    const bytes = Buffer.from(hkdfSync('sha256', secret, this.salt, '', 64));
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  }

  private encrypt(plain: Uint8Array): Buffer {
    const sealed = seal(this.key, this.counter++, plain, this.hash);
    this.mixHash(sealed);
    return sealed;
  }

  private decrypt(sealed: Uint8Array): Buffer {
    const plain = unseal(this.key, this.counter++, sealed, this.hash);
    this.mixHash(sealed);
    return plain;
  }
}

function makeTransport(fromClient: Buffer, toClient: Buffer): Transport {
  const nothing = Buffer.alloc(0);
  let received = 0;
  let sent = 0;
  return {
    encrypt: (plain) => seal(toClient, sent++, plain, nothing),
    decrypt: (sealed) => unseal(fromClient, received++, sealed, nothing),
  };
}
