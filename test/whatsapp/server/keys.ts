import { KEY_BUNDLE_TYPE, type proto } from '@whiskeysockets/baileys';
import type { Hello } from './connection.js';
import type { Device, DeviceKeys } from './device.js';
import { type BinaryNode, bigEndian, bytesOf, childOf, children, node, numberOf } from './nodes.js';
import type { KeyBundle } from './signal.js';

const bigEndianOf = (bytes: Uint8Array): number => Buffer.from(bytes).readUIntBE(0, bytes.length);

/**
 * The keys that a client shows when it wants to be linked.
 *
 * @throws when one is missing
 */
export function registeredKeys({ noiseKey, payload }: Hello): DeviceKeys {
  const pairing: proto.ClientPayload.IDevicePairingRegistrationData = payload.devicePairingData ?? {};
  const { eIdent, eRegid, eSkeyId, eSkeyVal, eSkeySig } = pairing;
  if (!eIdent || !eRegid || !eSkeyId || !eSkeyVal || !eSkeySig)
    throw new Error('A registration without keys.');
  return {
    noiseKey,
    identityKey: Buffer.from(eIdent),
    registrationId: bigEndianOf(eRegid),
    signedPreKey: { id: bigEndianOf(eSkeyId), key: eSkeyVal, signature: eSkeySig },
  };
}

/** Takes an upload of one-time keys. */
export function takeKeys(upload: BinaryNode, device: Device): void {
  for (const key of children(childOf(upload, 'list'), 'key')) {
    device.preKeys.set(numberOf(childOf(key, 'id')), bytesOf(childOf(key, 'value')));
  }
  const signed = childOf(upload, 'skey');
  if (signed !== undefined) device.keys.signedPreKey = takeSignedPreKey(signed);
}

export function takeSignedPreKey(skey: BinaryNode | undefined): KeyBundle['signedPreKey'] {
  return {
    id: numberOf(childOf(skey, 'id')),
    key: bytesOf(childOf(skey, 'value')),
    signature: bytesOf(childOf(skey, 'signature')),
  };
}

/** The keys that a request to send again brings with it, if it does. */
export function bundleOf(receipt: BinaryNode): KeyBundle | undefined {
  const keys = childOf(receipt, 'keys');
  if (keys === undefined) return undefined;
  const preKey = childOf(keys, 'key');
  return {
    registrationId: numberOf(childOf(receipt, 'registration')),
    identityKey: bytesOf(childOf(keys, 'identity')),
    signedPreKey: takeSignedPreKey(childOf(keys, 'skey')),
    ...(preKey && {
      preKey: { id: numberOf(childOf(preKey, 'id')), key: bytesOf(childOf(preKey, 'value')) },
    }),
  };
}

/** A person's keys, as the server hands them to whoever writes first. */
export function bundleNode(jid: string, bundle: KeyBundle): BinaryNode {
  const { registrationId, identityKey, signedPreKey, preKey } = bundle;
  const pair = (tag: string, { id, key }: { id: number; key: Uint8Array }, further: BinaryNode[] = []) =>
    node(tag, {}, [node('id', {}, bigEndian(id, 3)), node('value', {}, key), ...further]);
  return node('user', { jid }, [
    node('registration', {}, bigEndian(registrationId, 4)),
    node('type', {}, KEY_BUNDLE_TYPE),
    node('identity', {}, identityKey),
    pair('skey', signedPreKey, [node('signature', {}, signedPreKey.signature)]),
    ...(preKey ? [pair('key', preKey)] : []),
  ]);
}
