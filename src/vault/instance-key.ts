import { randomBytes } from 'node:crypto';
import { encodeParts, joinBytes } from './bytes.js';
import { InstanceKeyError, WrongMasterKeyError } from './errors.js';
import { InstanceVault } from './instance-vault.js';
import { type MasterKey, masterKeyId } from './master-key.js';
import { XAES_KEY_LENGTH, XAES_NONCE_LENGTH, XAES_TAG_LENGTH, Xaes256Gcm } from './xaes.js';

const FORMAT_VERSION = 1;
const KEY_ID_LENGTH = 8;
const HEADER_LENGTH = 1 + KEY_ID_LENGTH;

/** Bytes of a wrapped instance key: version (1), master key id (8), nonce (24), sealed key (32), tag (16). */
export const WRAPPED_KEY_LENGTH = HEADER_LENGTH + XAES_NONCE_LENGTH + XAES_KEY_LENGTH + XAES_TAG_LENGTH;

/**
 * Makes the key of a new instance.
 *
 * @returns the vault, and the wrapped key (81 bytes) to store with the instance. The wrapped key MUST be committed
 * before anything sealed by the vault is: it is the only copy. Destroying it erases the instance.
 */
export function createInstanceKey(
  masterKey: MasterKey,
  instanceId: string,
): { wrapped: Uint8Array; vault: InstanceVault } {
  const instanceKey = randomBytes(XAES_KEY_LENGTH);
  const header = joinBytes([Uint8Array.of(FORMAT_VERSION), Buffer.from(masterKeyId(masterKey), 'hex')]);
  const nonce = randomBytes(XAES_NONCE_LENGTH);
  const sealed = wrappingKey(masterKey).seal(nonce, instanceKey, associatedData(header, instanceId));
  const vault = new InstanceVault(instanceId, instanceKey);
  instanceKey.fill(0);
  return { wrapped: joinBytes([header, nonce, sealed]), vault };
}

/**
 * Opens the vault of an instance from its wrapped key.
 *
 * @throws WrongMasterKeyError when another master key wrapped it; it names both by their public ids.
 * @throws InstanceKeyError when it is damaged or belongs to another instance.
 */
export function openInstanceKey(
  masterKey: MasterKey,
  instanceId: string,
  wrapped: Uint8Array,
): InstanceVault {
  if (wrapped.length !== WRAPPED_KEY_LENGTH || wrapped[0] !== FORMAT_VERSION) {
    throw new InstanceKeyError(
      instanceId,
      `it should have ${WRAPPED_KEY_LENGTH} bytes in format ${FORMAT_VERSION}, and has ${wrapped.length} bytes in ` +
        `format ${wrapped[0] ?? 'none'}, so it is damaged or a newer Archway wrote it`,
    );
  }
  const header = wrapped.subarray(0, HEADER_LENGTH);
  const wantedKeyId = Buffer.from(header.subarray(1)).toString('hex');
  const givenKeyId = masterKeyId(masterKey);
  if (wantedKeyId !== givenKeyId) throw new WrongMasterKeyError(instanceId, wantedKeyId, givenKeyId);

  const instanceKey = unwrap(masterKey, instanceId, header, wrapped.subarray(HEADER_LENGTH));
  const vault = new InstanceVault(instanceId, instanceKey);
  instanceKey.fill(0);
  return vault;
}

function unwrap(masterKey: MasterKey, instanceId: string, header: Uint8Array, body: Uint8Array): Uint8Array {
  const nonce = body.subarray(0, XAES_NONCE_LENGTH);
  const sealed = body.subarray(XAES_NONCE_LENGTH);
  try {
    return wrappingKey(masterKey).open(nonce, sealed, associatedData(header, instanceId));
  } catch (cause) {
    throw new InstanceKeyError(instanceId, 'it is damaged, or it is the key of another instance', { cause });
  }
}

function wrappingKey(masterKey: MasterKey): Xaes256Gcm {
  return new Xaes256Gcm(masterKey.derive('archway/v1/instance-key-wrap'));
}

function associatedData(header: Uint8Array, instanceId: string): Uint8Array {
  return joinBytes([header, encodeParts([instanceId])]);
}
