import type {
  AuthenticationCreds,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStore,
} from '@whiskeysockets/baileys';
import type { Received, Session, StateChanges } from 'archway/sdk';
import type { Library } from './library.js';

export type KeyType = keyof SignalDataTypeMap;

/** Group of the names under which keys are kept, see `Session.forget`. */
export const keyGroup = 'key';
const nameOf = (type: string, id: string) => `${keyGroup}/${type}/${id}`;

/** Texts in memory; the session has one owner, so nobody else changes them. */
const cachedMax = 5_000;

/**
 * The library's keys, as values of the session's state. They are kept as text in memory too, since the library changes the
 * objects that it is given before it knows that they are stored.
 */
export class KeyStore implements SignalKeyStore {
  readonly #session: Pick<Session<unknown>, 'recallMany'>;
  readonly #library: Library;
  readonly #write: (changes: StateChanges, data: SignalDataSet) => Promise<void>;
  readonly #cached = new Map<string, string | undefined>();

  constructor(
    session: Pick<Session<unknown>, 'recallMany'>,
    library: Library,
    write: (changes: StateChanges, data: SignalDataSet) => Promise<void>,
  ) {
    this.#session = session;
    this.#library = library;
    this.#write = write;
  }

  async get<T extends KeyType>(type: T, ids: string[]): Promise<Record<string, SignalDataTypeMap[T]>> {
    const names = ids.map((id) => nameOf(type, id));
    const missing = names.filter((name) => !this.#cached.has(name));
    const kept = missing.length > 0 ? await this.#session.recallMany(missing) : undefined;
    const found: Record<string, SignalDataTypeMap[T]> = {};
    for (const id of ids) {
      const name = nameOf(type, id);
      // What was written meanwhile is newer than what was read.
      const text = this.#cached.has(name) ? this.#cached.get(name) : kept?.get(name);
      this.#remember(name, text);
      if (text !== undefined) found[id] = this.#parse(type, text);
    }
    return found;
  }

  /** One transaction. What is in memory follows only after it. */
  async set(data: SignalDataSet): Promise<void> {
    const changes: Record<string, string | null> = {};
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values ?? {})) {
        changes[nameOf(type, id)] =
          value === null || value === undefined
            ? null
            : JSON.stringify(value, this.#library.BufferJSON.replacer);
      }
    }
    await this.#write(changes, data);
    for (const [name, value] of Object.entries(changes)) this.#remember(name, value ?? undefined);
  }

  #remember(name: string, text: string | undefined): void {
    this.#cached.delete(name);
    this.#cached.set(name, text);
    if (this.#cached.size > cachedMax) {
      const [oldest] = this.#cached.keys();
      if (oldest !== undefined) this.#cached.delete(oldest);
    }
  }

  #parse<T extends KeyType>(type: T, text: string): SignalDataTypeMap[T] {
    const value = JSON.parse(text, this.#library.BufferJSON.reviver) as SignalDataTypeMap[T];
    if (type !== 'app-state-sync-key') return value;
    const { AppStateSyncKeyData } = this.#library.proto.Message;
    return AppStateSyncKeyData.fromObject(value as never) as unknown as SignalDataTypeMap[T];
  }
}

/** Phone numbers and LIDs that become known to be one person, each as a capture. */
export function mappingsIn(data: SignalDataSet): Received[] {
  return Object.entries(data['lid-mapping'] ?? {}).flatMap(([pn, lid]) => {
    if (pn.endsWith('_reverse') || typeof lid !== 'string') return [];
    return [capture('mapping', { lid: `${lid}@lid`, pn: `${pn}@s.whatsapp.net` })];
  });
}

/** One thing that the session received, as `parse` will read it. */
export function capture(
  endpoint: 'message' | 'stanza' | 'history' | 'mapping',
  body: object,
  provenance?: 'history',
): Received {
  return {
    endpoint,
    method: 'SESSION',
    url: `whatsapp:${endpoint}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body), 'utf8'),
    ...(provenance !== undefined && { provenance }),
  };
}

/** The credentials, kept under one name. */
export const credentialsName = 'credentials';

export function writeCredentials(credentials: AuthenticationCreds, { BufferJSON }: Library): string {
  return JSON.stringify(credentials, BufferJSON.replacer);
}

export function readCredentials(
  text: string | undefined,
  { BufferJSON, initAuthCreds }: Library,
): AuthenticationCreds {
  return text === undefined ? initAuthCreds() : (JSON.parse(text, BufferJSON.reviver) as AuthenticationCreds);
}
