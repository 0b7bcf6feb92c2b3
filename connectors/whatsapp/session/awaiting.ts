import type { Received, Session, StateChanges } from 'archway/sdk';
import { capture } from './key-store.js';
import { lastingGroup, secretGroup, subjectIn, subjectOf, withSecret } from './secrets.js';

/** More than anybody has voted, edited and the like about messages that this device never got. */
const awaitingMax = 500;
/** What is longer stays a gap. */
const lengthMax = 64 * 1_024;

const group = 'awaiting';
const listName = 'awaiting-list';

/** Something sealed, as it waits. */
interface Kept {
  /** Whose secret it needs. */
  readonly subject: string;
  readonly endpoint: 'message' | 'history';
  readonly body: object;
}

interface Entry {
  readonly name: string;
  readonly subject: string;
}

/** What is to be kept of something whose secret is not known, until it is. */
export function awaitingSecret(
  { chat, id, needed }: { readonly chat: string; readonly id: string; readonly needed: string },
  endpoint: Kept['endpoint'],
  body: object,
): StateChanges {
  const kept: Kept = { subject: subjectOf(chat, needed), endpoint, body };
  const text = JSON.stringify(kept);
  return text.length > lengthMax ? {} : { [`${group}/${chat}/${id}`]: text };
}

/**
 * Votes, edits and the like that came before the message whose secret they are sealed under. When it comes they are captured again,
 * with the secret, and in the same transaction: that closes their gaps. The oldest give way where there are too many.
 */
export class Awaiting {
  readonly #session: Pick<Session<unknown>, 'recall' | 'recallMany'>;
  #entries: readonly Entry[] | undefined;

  constructor(session: Pick<Session<unknown>, 'recall' | 'recallMany'>) {
    this.#session = session;
  }

  /**
   * What belongs to a commit beside these changes. MUST be called for one commit after the other, each when the one before it
   * is done: so of a vote and its secret whichever is second meets the first.
   */
  async among(changes: StateChanges): Promise<{ received: Received[]; changes: StateChanges }> {
    const fresh = Object.entries(changes).flatMap(([name, text]) => (text === null ? [] : [{ name, text }]));
    const secrets = new Map(fresh.flatMap(({ name, text }) => keyed(subjectIn(name), text)));
    const added = new Map(
      fresh.flatMap(({ name, text }) => keyed(name.startsWith(`${group}/`) ? name : undefined, text)),
    );
    if (secrets.size === 0 && added.size === 0) return { received: [], changes: {} };
    const before = (await this.#list()).filter(({ name }) => !added.has(name));
    const entries = [
      ...before,
      ...[...added].map(([name, text]) => ({ name, subject: readKept(text).subject })),
    ];
    await this.#recallSecrets(entries.slice(before.length), secrets);
    const ready = entries.filter(({ subject }) => secrets.has(subject));
    if (ready.length === 0 && added.size === 0) return { received: [], changes: {} };

    const texts = await this.#session.recallMany(ready.map(({ name }) => name));
    const received = ready.flatMap(({ name, subject }) => {
      const text = added.get(name) ?? texts.get(name);
      if (text === undefined) return [];
      const { endpoint, body } = readKept(text);
      return [capture(endpoint, { ...body, ...withSecret(secrets.get(subject)), closes: true })];
    });
    const waiting = entries.filter((entry) => !ready.includes(entry));
    this.#entries = waiting.slice(-awaitingMax);
    const gone = [...ready, ...waiting.slice(0, -awaitingMax)];
    return {
      received,
      changes: {
        ...Object.fromEntries(gone.map(({ name }) => [name, null])),
        [listName]: JSON.stringify(this.#entries),
      },
    };
  }

  /** A secret may have been committed since the message that needs it was looked at. */
  async #recallSecrets(entries: readonly Entry[], secrets: Map<string, string>): Promise<void> {
    if (entries.length === 0) return;
    const names = entries.flatMap(({ subject }) => [
      `${secretGroup}/${subject}`,
      `${lastingGroup}/${subject}`,
    ]);
    for (const [name, text] of await this.#session.recallMany(names)) {
      const subject = subjectIn(name);
      if (subject !== undefined) secrets.set(subject, text);
    }
  }

  async #list(): Promise<readonly Entry[]> {
    this.#entries ??= JSON.parse((await this.#session.recall(listName)) ?? '[]') as Entry[];
    return this.#entries;
  }
}

const readKept = (text: string) => JSON.parse(text) as Kept;

function keyed(key: string | undefined, text: string): [string, string][] {
  return key === undefined ? [] : [[key, text]];
}
