import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Received, StateChanges } from 'archway/sdk';
import { awaitingSecret } from './awaiting.js';
import type { History } from './history.js';
import { asJson } from './json.js';
import { capture } from './key-store.js';
import type { Library } from './library.js';
import type { Named, Names, Own } from './names.js';
import type { Past } from './past.js';
import { neededBy, secretIn, secretNames, withSecret } from './secrets.js';
import type { Seen } from './seen.js';
import { absenceIn, ciphertextsOf, isMechanical, plain, plaintextsOf } from './stanza.js';
import { unreadName } from './unread.js';

export interface IntakeOptions {
  readonly library: Library;
  readonly names: Names;
  readonly seen: Seen;
  readonly own: () => Own;
  readonly recallMany: (names: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly commit: (received: readonly Received[], changes?: StateChanges) => Promise<void>;
  readonly history: Pick<History, 'announcedBy'>;
  readonly past: Past;
}

const failureLengthMax = 200;

/** Makes captures of what comes over the socket, as it is decrypted or as it stands. */
export class Intake {
  readonly #options: IntakeOptions;
  /** By the ciphertext object itself: the library hands the one in the stanza to its repository. */
  readonly #stanzas = new WeakMap<Uint8Array, BinaryNode>();

  /** Messages without content that came before: what is decrypted may be theirs, though the library lets it overtake them. */
  #absences: Promise<unknown> = Promise.resolve();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  commit(received: readonly Received[], changes: StateChanges): Promise<void> {
    return this.#options.commit(received, changes);
  }

  /** A message arrives. What will not reach the repository is captured at once. */
  async message(stanza: BinaryNode): Promise<void> {
    const ciphertexts = ciphertextsOf(stanza);
    for (const ciphertext of ciphertexts) this.#stanzas.set(ciphertext, stanza);
    for (const bytes of plaintextsOf(stanza)) {
      const taken = await this.#take(stanza, bytes);
      await this.commit(taken.received, taken.changes);
    }
    if (ciphertexts.length > 0 || plaintextsOf(stanza).length > 0) return;
    const noted = this.#unreadable(stanza, absenceIn(stanza));
    // Whoever waits for this hears of a failure by the commits.
    this.#absences = Promise.allSettled([this.#absences, noted]);
    await noted;
  }

  /** A call, a receipt or a notification arrives. */
  async stanza(stanza: BinaryNode): Promise<void> {
    if (stanza.tag === 'notification' && isMechanical(stanza)) return;
    const named = await this.#options.names.of(stanza);
    await this.commit([capture('stanza', { node: plain(stanza), ...this.#shared(named) })], named.changes);
  }

  /** What is to be committed with the keys that this decryption has moved. */
  async decrypted(
    ciphertext: Uint8Array,
    padded: Uint8Array,
  ): Promise<{ received: Received[]; changes: StateChanges }> {
    const stanza = this.#stanzas.get(ciphertext);
    await this.#absences;
    const seen = await this.#options.seen.add(ciphertext, padded);
    if (stanza === undefined) throw new Error('A ciphertext came that is part of no stanza.');
    const { received, changes } = await this.#take(stanza, this.#options.library.unpadRandomMax16(padded));
    return { received, changes: { ...changes, ...seen } };
  }

  /**
   * What was in a ciphertext that had been decrypted before; else its failure, which is on record then.
   *
   * @throws the failure, for the library, which asks the sender to send again.
   */
  async notDecrypted(ciphertext: Uint8Array, error: unknown): Promise<Uint8Array> {
    const before = await this.#options.seen.find(ciphertext);
    if (before !== undefined) return before;
    const stanza = this.#stanzas.get(ciphertext);
    const failure = error instanceof Error ? error.message : 'unknown';
    if (stanza !== undefined) await this.#unreadable(stanza, failure.slice(0, failureLengthMax));
    throw error;
  }

  async #unreadable(stanza: BinaryNode, failure: string): Promise<void> {
    const named = await this.#options.names.of(stanza);
    const { chat } = named;
    const { id } = stanza.attrs;
    const unread = chat !== undefined && id !== undefined ? { [unreadName(chat, id)]: '1' } : {};
    await this.commit([capture('stanza', { node: plain(stanza), ...this.#shared(named), failure })], {
      ...named.changes,
      ...unread,
    });
  }

  async #take(
    stanza: BinaryNode,
    payload: Uint8Array,
  ): Promise<{ received: Received[]; changes: StateChanges }> {
    const { library, names, recallMany, history } = this.#options;
    const named = await names.of(stanza);
    const { attrs } = stanza;
    const { chat = '' } = named;
    const { id = '' } = attrs;
    const message = library.proto.Message.decode(payload);
    const needed = neededBy(message, library);
    const unread = unreadName(chat, id);
    const secrets = needed === undefined ? [] : secretNames(chat, needed);
    const known = await recallMany([unread, ...secrets]);
    const secret = secrets.flatMap((name) => known.get(name) ?? [])[0];
    const sender = attrs.participant ?? attrs.from ?? '';
    const body = {
      stanza: { tag: stanza.tag, attrs },
      sender,
      payload: Buffer.from(payload).toString('base64'),
      message: asJson(message, library),
      ...this.#shared(named),
      ...(known.has(unread) && { closes: true }),
      ...withSecret(secret),
    };
    const senders = this.#formsOf(stanza, named);
    // Only the account's own phone may hand over the past.
    const past = named.fromMe ? await history.announcedBy(message, id) : {};
    const answers = await this.#answers(message, named);
    return {
      received: [capture('message', body), ...answers.received],
      changes: {
        ...named.changes,
        ...answers.changes,
        ...secretIn(message, { chat, id, senders }, library),
        ...(needed !== undefined &&
          secret === undefined &&
          awaitingSecret({ chat, id, needed }, 'message', body)),
        ...(known.has(unread) && { [unread]: null }),
        ...past,
      },
    };
  }

  /** Messages that the phone was asked for, since only a placeholder had come: each closes its gap. */
  async #answers(message: proto.Message, { fromMe }: Named) {
    const results =
      message.protocolMessage?.peerDataOperationRequestResponseMessage?.peerDataOperationResult ??
      message.deviceSentMessage?.message?.protocolMessage?.peerDataOperationRequestResponseMessage
        ?.peerDataOperationResult ??
      [];
    if (!fromMe || results.length === 0) return { received: [], changes: {} };
    const { proto } = this.#options.library;
    const answers = results.flatMap(({ placeholderMessageResendResponse: answer }) => {
      if (!answer?.webMessageInfoBytes) return [];
      const info = proto.WebMessageInfo.decode(answer.webMessageInfoBytes);
      const forms = [info.key?.remoteJid, info.key?.participant].flatMap((jid) => jid ?? []).slice(0, 1);
      return [{ info, forms }];
    });
    return this.#options.past.take(answers);
  }

  #shared({ chat, numbers, fromMe }: Named) {
    return {
      own: this.#options.own(),
      ...(chat !== undefined && { chat }),
      ...(Object.keys(numbers).length > 0 && { numbers }),
      fromMe,
    };
  }

  /** All names of the sender that this stanza knows. */
  #formsOf({ attrs }: BinaryNode, { numbers, fromMe }: Named): string[] {
    const own = this.#options.own();
    const given = fromMe
      ? [own.pn, own.lid]
      : [
          attrs.participant ?? attrs.from,
          attrs.participant_pn,
          attrs.participant_lid,
          attrs.sender_pn,
          attrs.sender_lid,
        ];
    const { jidNormalizedUser } = this.#options.library;
    const bare = given.flatMap((jid) => (jid === undefined ? [] : [jidNormalizedUser(jid)]));
    return [...new Set([...bare, ...bare.flatMap((jid) => numbers[jid] ?? [])])];
  }
}
