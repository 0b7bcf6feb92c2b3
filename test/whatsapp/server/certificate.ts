import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';

/**
 * A chain of the shape of WhatsApp's. Its signatures are chance: the genuine key is not ours, and the library takes any
 * (its verification cannot fail), which is one of the things this server cannot judge.
 */
export function makeCertificateChain(leafKey: Uint8Array): Uint8Array {
  const { NoiseCertificate } = proto.CertChain;
  const certificate = (serial: number, issuerSerial: number, key: Uint8Array) => ({
    details: NoiseCertificate.Details.encode({ serial, issuerSerial, key }).finish(),
    signature: randomBytes(64),
  });
  return proto.CertChain.encode({
    intermediate: certificate(1, 0, randomBytes(32)),
    leaf: certificate(2, 1, leafKey),
  }).finish();
}
