import { createHash } from 'node:crypto';
import type { Session, StateChanges } from 'archway/sdk';

/** More than the server hands out again after a crash. */
const slots = 1_024;
/** What is longer is kept too, but not for the case that it comes again: the phone sends such a thing anew when asked. */
const lengthMaxBytes = 512 * 1_024;

const nextName = 'seen-next';
const slotName = (slot: number) => `seen/${slot}`;

/**
 * The last messages that were decrypted, by the digest of their ciphertext. A process that dies after its commit and before its
 * receipt gets the same ciphertext again, and the keys for it are used up: then this has what was in it.
 */
export class Seen {
  readonly #session: Pick<Session<unknown>, 'recall' | 'recallMany'>;
  #next: number | undefined;

  constructor(session: Pick<Session<unknown>, 'recall' | 'recallMany'>) {
    this.#session = session;
  }

  /** What is to be committed with the capture. */
  async add(ciphertext: Uint8Array, plaintext: Uint8Array): Promise<StateChanges> {
    if (plaintext.length > lengthMaxBytes) return {};
    this.#next ??= Number((await this.#session.recall(nextName)) ?? 0);
    const slot = this.#next % slots;
    this.#next = slot + 1;
    const kept = { digest: digestOf(ciphertext), plaintext: Buffer.from(plaintext).toString('base64') };
    return { [slotName(slot)]: JSON.stringify(kept), [nextName]: String(this.#next) };
  }

  /** What was in a ciphertext that was decrypted before, with its padding. */
  async find(ciphertext: Uint8Array): Promise<Uint8Array | undefined> {
    const digest = digestOf(ciphertext);
    const names = Array.from({ length: slots }, (_, slot) => slotName(slot));
    for (const text of (await this.#session.recallMany(names)).values()) {
      const kept = JSON.parse(text) as { digest: string; plaintext: string };
      if (kept.digest === digest) return Buffer.from(kept.plaintext, 'base64');
    }
    return undefined;
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
