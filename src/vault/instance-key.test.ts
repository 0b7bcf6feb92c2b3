import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { InstanceKeyError, WrongMasterKeyError } from './errors.js';
import { createInstanceKey, openInstanceKey, WRAPPED_KEY_LENGTH } from './instance-key.js';
import { MasterKey, masterKeyId } from './master-key.js';

const place = { table: 'messages', id: 'row-7', column: 'content' };
const masterKey = new MasterKey(randomBytes(32));

test('a reopened vault reads and finds what the first one sealed', () => {
  const { wrapped, vault } = createInstanceKey(masterKey, 'instance-1');
  const reopened = openInstanceKey(masterKey, 'instance-1', wrapped);
  expect(wrapped).toHaveLength(WRAPPED_KEY_LENGTH);
  expect(reopened.instanceId).toBe('instance-1');
  expect(reopened.openText(vault.sealText('hello', place), place)).toBe('hello');
  expect(reopened.lookupId('conversation', 'desk')).toBe(vault.lookupId('conversation', 'desk'));
});

test('each instance gets a key of its own', () => {
  const first = createInstanceKey(masterKey, 'instance-1');
  const second = createInstanceKey(masterKey, 'instance-1');
  expect(() => second.vault.open(first.vault.sealText('hello', place), place)).toThrow(/cannot be read/);
});

test('a wrong master key is told apart by name, with what to do', () => {
  const { wrapped } = createInstanceKey(masterKey, 'instance-1');
  const wrong = new MasterKey(randomBytes(32));
  let thrown: unknown;
  try {
    openInstanceKey(wrong, 'instance-1', wrapped);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(WrongMasterKeyError);
  expect(thrown).toMatchObject({
    instanceId: 'instance-1',
    wantedKeyId: masterKeyId(masterKey),
    givenKeyId: masterKeyId(wrong),
  });
  expect(String(thrown)).toContain(`under master key ${masterKeyId(masterKey)}`);
  expect(String(thrown)).toContain(`given is ${masterKeyId(wrong)}`);
  expect(String(thrown)).toMatch(/Restore.*ARCHWAY_MASTER_KEY.*ARCHWAY_MASTER_KEY_FILE/);
});

test('the wrapped key of another instance does not open', () => {
  const { wrapped } = createInstanceKey(masterKey, 'instance-1');
  expect(() => openInstanceKey(masterKey, 'instance-2', wrapped)).toThrow(InstanceKeyError);
  expect(() => openInstanceKey(masterKey, 'instance-2', wrapped)).toThrow(
    /instance-2.*another instance.*backup/,
  );
});

test('every flipped bit and every missing byte of a wrapped key is found', () => {
  const { wrapped } = createInstanceKey(masterKey, 'instance-1');
  for (let bit = 0; bit < wrapped.length * 8; bit++) {
    const damaged = Uint8Array.from(wrapped);
    damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
    // The second to ninth byte are the id of the master key: changed, they name a key that nobody has.
    const expected = bit >= 8 && bit < 72 ? WrongMasterKeyError : InstanceKeyError;
    expect(() => openInstanceKey(masterKey, 'instance-1', damaged), `bit ${bit}`).toThrow(expected);
  }
  for (let length = 0; length < wrapped.length; length++) {
    expect(() => openInstanceKey(masterKey, 'instance-1', wrapped.subarray(0, length))).toThrow(
      InstanceKeyError,
    );
  }
});

/** Pins the stored format: a change that breaks this locks every database in the field. */
test('keys wrapped by earlier versions still open', () => {
  const pinned = Buffer.from(PINNED_WRAPPED, 'hex');
  const vault = openInstanceKey(new MasterKey(Buffer.alloc(32, 0x17)), 'instance-1', pinned);
  expect(vault.openText(Buffer.from(PINNED_SEALED, 'hex'), place)).toBe('hello');
});

const PINNED_WRAPPED =
  '0158b4f10196ab0b8162b2fc924f0eb61df81218951ea0bb96fdd265066029d066c12a158596e4d8a3e2b8e1b44b7f9f8f783efdd1b054b1220f9b4e00d6c31539e1fcabfa8e25011db062321dcc9ee8c5';
const PINNED_SEALED =
  '010000000194f74e67e0009591d5eb2ee004aa5c9602aef2234df7757a2dfefd07934e70323fb1570860e1a2f33853b02739';
