import type { proto } from '@whiskeysockets/baileys';
import type { Received, Session, StateChanges } from 'archway/sdk';
import { isGroup } from '../jid.js';
import { awaitingSecret } from './awaiting.js';
import { asJson } from './json.js';
import { capture } from './key-store.js';
import type { Library } from './library.js';
import type { Named, Names, Own } from './names.js';
import { neededBy, secretIn, secretNames, withSecret } from './secrets.js';
import { unreadName } from './unread.js';

/** A message as the phone keeps it, and all jids that name its chat. */
export interface PastMessage {
  readonly info: proto.IWebMessageInfo;
  readonly forms: readonly string[];
}

interface Taken extends PastMessage {
  readonly named: Named;
  readonly chat: string;
  readonly id: string;
  readonly needed: string | undefined;
}

export interface PastOptions {
  readonly library: Library;
  readonly names: Names;
  readonly own: () => Own;
  readonly recallMany: Session<unknown>['recallMany'];
}

/** Makes captures of messages as the phone hands them over afterwards: those of the past, and those that it was asked for. */
export class Past {
  readonly #options: PastOptions;

  constructor(options: PastOptions) {
    this.#options = options;
  }

  /** What is to be committed of them together. */
  async take(
    messages: readonly PastMessage[],
    provenance?: 'history',
  ): Promise<{ received: Received[]; changes: StateChanges }> {
    const taken: Taken[] = [];
    for (const message of messages) taken.push(await this.#name(message));
    const changes: Record<string, string | null> = {};
    for (const each of taken) Object.assign(changes, each.named.changes, this.#secretOf(each));
    const known = await this.#options.recallMany(
      taken.flatMap(({ chat, id, needed }) => [
        unreadName(chat, id),
        ...(needed === undefined ? [] : secretNames(chat, needed)),
      ]),
    );
    const received = taken.map((each) => {
      const { chat, id, needed, info } = each;
      const unread = unreadName(chat, id);
      const isContent = Object.keys(info.message ?? {}).length > 0;
      if (!isContent && info.messageStubType === this.#ciphertext) changes[unread] = '1';
      const closes = isContent && known.has(unread);
      if (closes) changes[unread] = null;
      const names = needed === undefined ? [] : secretNames(chat, needed);
      const secret = names.flatMap((name) => changes[name] ?? known.get(name) ?? [])[0];
      const body = { ...this.#bodyOf(each), ...(closes && { closes }), ...withSecret(secret) };
      if (needed !== undefined && secret === undefined)
        Object.assign(changes, awaitingSecret({ chat, id, needed }, 'history', body));
      return capture('history', body, provenance);
    });
    return { received, changes };
  }

  get #ciphertext(): number {
    return this.#options.library.proto.WebMessageInfo.StubType.CIPHERTEXT;
  }

  async #name(message: PastMessage): Promise<Taken> {
    const { info, forms } = message;
    const named = await this.#options.names.ofChat(forms, info.key?.fromMe === true);
    const needed = info.message ? neededBy(info.message, this.#options.library) : undefined;
    return { ...message, named, chat: named.chat ?? '', id: info.key?.id ?? '', needed };
  }

  #bodyOf({ info, named: { chat, numbers, fromMe } }: Taken): object {
    const { library, own } = this.#options;
    const { WebMessageInfo } = library.proto;
    const encoded = WebMessageInfo.encode(info as proto.WebMessageInfo).finish();
    return {
      message: asJson(WebMessageInfo.decode(encoded), library),
      payload: Buffer.from(encoded).toString('base64'),
      own: own(),
      ...(chat !== undefined && { chat }),
      ...(Object.keys(numbers).length > 0 && { numbers }),
      fromMe,
    };
  }

  #secretOf({ info, forms, named: { fromMe, numbers }, chat, id }: Taken): StateChanges {
    const { library, own } = this.#options;
    const { key, message, messageSecret } = info;
    if (!message || id === '' || chat === '') return {};
    const { pn, lid } = own();
    const others = isGroup(chat) ? [key?.participant] : [key?.participant, ...forms];
    const given = (fromMe ? [pn, lid] : others).flatMap((jid) =>
      jid ? [library.jidNormalizedUser(jid)] : [],
    );
    const senders = [...new Set([...given, ...given.flatMap((jid) => numbers[jid] ?? [])])];
    const whole = messageSecret ? { ...message, messageContextInfo: { messageSecret } } : message;
    return secretIn(whole, { chat, id, senders }, library);
  }
}
