import type { BinaryNode, SignalKeyStore } from '@whiskeysockets/baileys';
import type { Session, StateChanges } from 'archway/sdk';
import { bare, isLid, isNumber, readJid } from '../jid.js';
import { jidsIn } from './stanza.js';

/** What is known of the names in a stanza, for its capture. */
export interface Named {
  /** The chat under the name that it got when it was first seen. */
  readonly chat: string | undefined;
  /** Phone numbers by LID, as bare jids. */
  readonly numbers: Readonly<Record<string, string>>;
  readonly fromMe: boolean;
  /** To be committed with the capture. */
  readonly changes: StateChanges;
}

export interface Own {
  readonly pn?: string;
  readonly lid?: string;
}

const cachedMax = 5_000;
const nameOf = (jid: string) => `chat/${jid}`;

/**
 * Gives each chat one name for good, whether a stanza names it by phone number or by LID: a message that comes again under the
 * other form must not become a second one. Prefers the number where a stanza has both.
 */
export class Names {
  readonly #session: Pick<Session<unknown>, 'recallMany'>;
  readonly #keys: SignalKeyStore;
  readonly #own: () => Own;
  readonly #cached = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: Pick<Session<unknown>, 'recallMany'>, keys: SignalKeyStore, own: () => Own) {
    this.#session = session;
    this.#keys = keys;
    this.#own = own;
  }

  /** One after the other, so that two first messages of a chat agree on its name. */
  of(stanza: BinaryNode): Promise<Named> {
    const named = this.#last.then(() => this.#name(stanza));
    this.#last = named.catch(() => undefined);
    return named;
  }

  /** Of a chat that is named outside of a stanza, such as in the history. */
  ofChat(jids: readonly string[], fromMe: boolean): Promise<Named> {
    const named = this.#last.then(async () => this.#nameChat(jids, await this.#numbersOf(jids), fromMe));
    this.#last = named.catch(() => undefined);
    return named;
  }

  async #name(stanza: BinaryNode): Promise<Named> {
    const { attrs } = stanza;
    const numbers = await this.#numbersOf(jidsIn(stanza));
    const author = attrs.participant ?? attrs.from;
    const fromMe = this.#isOwn(author);
    return this.#nameChat(chatForms(stanza, fromMe), numbers, fromMe);
  }

  async #nameChat(
    forms: readonly (string | undefined)[],
    numbers: Record<string, string>,
    fromMe: boolean,
  ): Promise<Named> {
    const jids = [...new Set(forms.flatMap((form) => bare(form) ?? []))];
    const known = jids.flatMap((jid) => numbers[jid] ?? []);
    const all = [...new Set([...jids, ...known])];
    const person = all.some((jid) => isLid(jid) || isNumber(jid));
    if (!person) return { chat: all[0], numbers, fromMe, changes: {} };
    const before = await this.#recall(all);
    const chat = before ?? all.find(isNumber) ?? all[0];
    if (chat === undefined) return { chat, numbers, fromMe, changes: {} };
    const fresh = all.filter((jid) => this.#cached.get(jid) !== chat);
    for (const jid of fresh) this.#remember(jid, chat);
    return { chat, numbers, fromMe, changes: Object.fromEntries(fresh.map((jid) => [nameOf(jid), chat])) };
  }

  async #recall(jids: readonly string[]): Promise<string | undefined> {
    const cached = jids.map((jid) => this.#cached.get(jid)).find((chat) => chat !== undefined);
    if (cached !== undefined) return cached;
    const kept = await this.#session.recallMany(jids.map(nameOf));
    for (const jid of jids) {
      const chat = kept.get(nameOf(jid));
      if (chat !== undefined) this.#remember(jid, chat);
    }
    return jids.map((jid) => kept.get(nameOf(jid))).find((chat) => chat !== undefined);
  }

  #remember(jid: string, chat: string): void {
    this.#cached.set(jid, chat);
    if (this.#cached.size <= cachedMax) return;
    const [oldest] = this.#cached.keys();
    if (oldest !== undefined) this.#cached.delete(oldest);
  }

  /** From what the library has learnt of who is who. */
  async #numbersOf(jids: readonly string[]): Promise<Record<string, string>> {
    const lids = [...new Set(jids.flatMap((jid) => bare(jid) ?? []).filter(isLid))];
    if (lids.length === 0) return {};
    const ids = lids.map((lid) => `${readJid(lid)?.user}_reverse`);
    const found = await this.#keys.get('lid-mapping', ids);
    return Object.fromEntries(
      lids.flatMap((lid, index) => {
        const user = found[ids[index] ?? ''];
        return typeof user === 'string' ? [[lid, `${user}@s.whatsapp.net`]] : [];
      }),
    );
  }

  #isOwn(jid: string | undefined): boolean {
    const { pn, lid } = this.#own();
    const name = bare(jid);
    return name !== undefined && (name === pn || name === lid);
  }
}

/** The names of the chat that a stanza belongs to: of a group the group, else the other side. */
function chatForms({ attrs }: BinaryNode, fromMe: boolean): (string | undefined)[] {
  const { from, recipient } = attrs;
  if (attrs.participant !== undefined && !isPerson(from)) {
    // What somebody sends to a list of people is read in the chat with them.
    const isList = bare(from)?.endsWith('@broadcast') === true && bare(from) !== 'status@broadcast';
    return isList && !fromMe ? [attrs.participant, attrs.participant_pn, attrs.participant_lid] : [from];
  }
  if (fromMe && recipient !== undefined) {
    const { recipient_pn, recipient_lid, peer_recipient_pn, peer_recipient_lid } = attrs;
    return [recipient, recipient_pn, recipient_lid, peer_recipient_pn, peer_recipient_lid];
  }
  return [from, attrs.sender_pn, attrs.sender_lid, attrs.participant_pn, attrs.participant_lid];
}

const isPerson = (jid: string | undefined) => isLid(jid) || isNumber(jid);
