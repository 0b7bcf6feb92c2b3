import { AsyncLocalStorage } from 'node:async_hooks';
import type { SignalKeyStoreWithTransaction, SocketConfig } from '@whiskeysockets/baileys';
import type { Received, StateChanges } from 'archway/sdk';
import type { Intake } from './intake.js';

/** What is to be committed together with the keys that a decryption has changed. */
export interface Pending {
  received: readonly Received[];
  changes: StateChanges;
  done: boolean;
}

/** Set while keys of a decryption are written. */
export const pendingWithKeys = new AsyncLocalStorage<Pending>();

export type MakeRepository = SocketConfig['makeSignalRepository'];

/**
 * The library's signal repository, with one thing added: what it decrypts is committed in the same transaction as the keys
 * that moved by it. Only then does the library go on, to the receipt among other things.
 *
 * The library's key store collects what changes inside `keys.transaction` and writes it when the outermost one ends: so the
 * decryption runs inside one more, and what it gave waits in `pendingWithKeys` until that writing takes both.
 */
export function committing(make: MakeRepository, intake: Intake): MakeRepository {
  return (auth, logger, pnToLid) => {
    const inner = make(auth, logger, pnToLid);
    const keys = auth.keys as SignalKeyStoreWithTransaction;

    const decrypt = async (lock: string, ciphertext: Uint8Array, open: () => Promise<Uint8Array>) => {
      const pending: Pending = { received: [], changes: {}, done: false };
      try {
        const padded = await pendingWithKeys.run(pending, () =>
          keys.transaction(async () => {
            const plaintext = await open();
            const taken = await intake.decrypted(ciphertext, plaintext);
            Object.assign(pending, taken);
            return plaintext;
          }, lock),
        );
        // No key has moved; it is not known to happen, but then nothing has been written.
        if (!pending.done) await intake.commit(pending.received, pending.changes);
        return padded;
      } catch (error) {
        return intake.notDecrypted(ciphertext, error);
      }
    };

    return {
      ...inner,
      decryptMessage: (given) => decrypt(given.jid, given.ciphertext, () => inner.decryptMessage(given)),
      decryptGroupMessage: (given) => decrypt(given.group, given.msg, () => inner.decryptGroupMessage(given)),
    };
  };
}
