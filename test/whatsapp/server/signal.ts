import {
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  initAuthCreds,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';
import { quiet } from './quiet.js';

/** What somebody needs to write to a device first: its public keys. */
export interface KeyBundle {
  readonly registrationId: number;
  /** 32 bytes, as everything here. */
  readonly identityKey: Uint8Array;
  readonly signedPreKey: { readonly id: number; readonly key: Uint8Array; readonly signature: Uint8Array };
  /** One-time; absent when they have run out. */
  readonly preKey?: { readonly id: number; readonly key: Uint8Array };
}

export interface Ciphertext {
  readonly type: 'pkmsg' | 'msg';
  readonly bytes: Uint8Array;
}

type Store = { [T in keyof SignalDataTypeMap]?: Record<string, SignalDataTypeMap[T]> };

/** One Signal identity with its sessions, in memory, on the library's own code. */
export class Signal {
  private readonly credentials = initAuthCreds();
  private readonly store: Store = {};
  private readonly keys = addTransactionCapability(keyStoreOver(this.store), quiet, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 1,
  });
  private readonly repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
    { creds: this.credentials, keys: this.keys },
    quiet,
  );
  private nextPreKeyId = 1;

  get identity() {
    return this.credentials.signedIdentityKey;
  }

  /** Signs with the identity, as Signal does. */
  readonly sign = (bytes: Uint8Array): Uint8Array => Curve.sign(this.identity.private, bytes);

  /** Public keys for somebody who writes to this identity first; each time with a new one-time key. */
  async bundle(): Promise<KeyBundle> {
    const { registrationId, signedIdentityKey, signedPreKey } = this.credentials;
    const id = this.nextPreKeyId++;
    const pair = Curve.generateKeyPair();
    await this.keys.set({ 'pre-key': { [id]: pair } });
    return {
      registrationId,
      identityKey: signedIdentityKey.public,
      signedPreKey: {
        id: signedPreKey.keyId,
        key: signedPreKey.keyPair.public,
        signature: signedPreKey.signature,
      },
      preKey: { id, key: pair.public },
    };
  }

  async hasSession(address: string): Promise<boolean> {
    return (await this.repository.validateSession(address)).exists;
  }

  /** Begins a session anew with the public keys of the other side. */
  async open(address: string, bundle: KeyBundle): Promise<void> {
    const { registrationId, identityKey, signedPreKey, preKey } = bundle;
    const session = {
      registrationId,
      identityKey: generateSignalPubKey(identityKey),
      signedPreKey: {
        keyId: signedPreKey.id,
        publicKey: generateSignalPubKey(signedPreKey.key),
        signature: signedPreKey.signature,
      },
      ...(preKey && { preKey: { keyId: preKey.id, publicKey: generateSignalPubKey(preKey.key) } }),
    };
    await this.repository.deleteSession([address]);
    await this.repository.injectE2ESession({ jid: address, session });
  }

  async encrypt(address: string, data: Uint8Array): Promise<Ciphertext> {
    const { type, ciphertext } = await this.repository.encryptMessage({ jid: address, data });
    return { type, bytes: ciphertext };
  }

  /** @throws when there is no session or the bytes were not meant for it */
  async decrypt(address: string, { type, bytes }: Ciphertext): Promise<Uint8Array> {
    return this.repository.decryptMessage({ jid: address, type, ciphertext: bytes });
  }

  async encryptForGroup(group: string, own: string, data: Uint8Array) {
    const { ciphertext, senderKeyDistributionMessage } = await this.repository.encryptGroupMessage({
      group,
      meId: own,
      data,
    });
    return { bytes: ciphertext, distribution: senderKeyDistributionMessage };
  }

  async takeSenderKey(author: string, group: string, distribution: Uint8Array): Promise<void> {
    await this.repository.processSenderKeyDistributionMessage({
      authorJid: author,
      item: { groupId: group, axolotlSenderKeyDistributionMessage: distribution },
    });
  }

  async decryptFromGroup(group: string, author: string, bytes: Uint8Array): Promise<Uint8Array> {
    return this.repository.decryptGroupMessage({ group, authorJid: author, msg: bytes });
  }

  /**
   * From here on the session gives `msg` instead of `pkmsg`, as it does once the other side has written back. A device that
   * only listens never writes back; its receipt serves instead.
   */
  settle(address: string): void {
    const record = this.store.session?.[this.repository.jidToSignalProtocolAddress(address)];
    const sessions = (record as unknown as { _sessions?: Record<string, object> } | undefined)?._sessions;
    for (const session of Object.values(sessions ?? {})) Reflect.deleteProperty(session, 'pendingPreKey');
  }
}

function keyStoreOver(store: Store): SignalKeyStore {
  return {
    get: (type, ids) => {
      const kept: NonNullable<Store[typeof type]> = store[type] ?? {};
      return Object.fromEntries(ids.flatMap((id) => (kept[id] === undefined ? [] : [[id, kept[id]]])));
    },
    set: (data) => {
      for (const [type, entries] of Object.entries(data)) {
        const kept: Record<string, unknown> = store[type as keyof Store] ?? {};
        for (const [id, value] of Object.entries(entries)) {
          if (value === null) delete kept[id];
          else kept[id] = value;
        }
        Object.assign(store, { [type]: kept });
      }
    },
  };
}
