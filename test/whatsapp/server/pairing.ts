import { createHmac, createPublicKey, verify } from 'node:crypto';
import { Curve, proto } from '@whiskeysockets/baileys';
import { type BinaryNode, bytesOf, childOf } from './nodes.js';

/** What the QR code of a client says. */
export interface QrContent {
  readonly ref: string;
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly secret: Buffer;
}

/** @throws for a text that is not a QR code of a client that wants to be linked */
export function readQr(text: string): QrContent {
  const parts = text.replace(/^https:\/\/wa\.me\/settings\/linked_devices#/, '').split(',');
  const [ref, noiseKey, identityKey, secret] = parts;
  if (!ref || !noiseKey || !identityKey || !secret) throw new Error('Not a QR code for linking.');
  const bytes = (base64: string) => Buffer.from(base64, 'base64');
  return { ref, noiseKey: bytes(noiseKey), identityKey: bytes(identityKey), secret: bytes(secret) };
}

type KeyPair = ReturnType<typeof Curve.generateKeyPair>;

/** The device identity that a phone signs for a client that it links. */
export function signDeviceIdentity(account: KeyPair, client: { identityKey: Uint8Array }, keyIndex: number) {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: 1,
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex,
  }).finish();
  const signed = Buffer.concat([Buffer.from([6, 0]), details, client.identityKey]);
  return {
    details,
    accountSignatureKey: account.public,
    accountSignature: Curve.sign(account.private, signed),
  };
}

type DeviceIdentity = ReturnType<typeof signDeviceIdentity>;

/** The same as it stands in `pair-success`: with an HMAC by the secret of the QR code. */
export function sealDeviceIdentity(identity: DeviceIdentity, secret: Buffer): Uint8Array {
  const details = proto.ADVSignedDeviceIdentity.encode(identity).finish();
  const hmac = createHmac('sha256', secret).update(details).digest();
  return proto.ADVSignedDeviceIdentityHMAC.encode({ details, hmac }).finish();
}

/** Did the client sign the identity that it was given, with the key that it showed? */
export function isSignedByClient(answer: BinaryNode, identity: DeviceIdentity, identityKey: Buffer): boolean {
  const content = bytesOf(childOf(answer, 'pair-device-sign', 'device-identity'));
  const { details, deviceSignature } = proto.ADVSignedDeviceIdentity.decode(content);
  if (!details || !deviceSignature || !Buffer.from(details).equals(identity.details)) return false;
  const signed = Buffer.concat([
    Buffer.from([6, 1]),
    identity.details,
    identityKey,
    identity.accountSignatureKey,
  ]);
  return verifySignature(identityKey, signed, deviceSignature);
}

const prime = 2n ** 255n - 19n;

/**
 * Verifies a signature of Signal's XEdDSA with Node's Ed25519: the point of the Montgomery key is computed, with the sign that
 * the signature carries in its last bit. The library's own verification says yes to everything.
 */
export function verifySignature(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const u = BigInt(`0x${Buffer.from(key).reverse().toString('hex')}`) % prime;
  const y = modulo((u - 1n) * power(u + 1n, prime - 2n));
  const point = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
  const plain = Buffer.from(signature);
  point[31] = (point[31] ?? 0) | ((plain[63] ?? 0) & 0x80);
  plain[63] = (plain[63] ?? 0) & 0x7f;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
  return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), plain);
}

const modulo = (value: bigint): bigint => ((value % prime) + prime) % prime;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let factor = modulo(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = modulo(result * factor);
    factor = modulo(factor * factor);
  }
  return result;
}
