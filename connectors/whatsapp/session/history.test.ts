import { setImmediate as turn } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import * as library from '@whiskeysockets/baileys';
import type { Received, StateChanges } from 'archway/sdk';
import { expect, it, vi } from 'vitest';
import { settingsSchema } from '../settings.js';
import { History } from './history.js';
import { KeyStore } from './key-store.js';
import { Names } from './names.js';
import { Past } from './past.js';

const { HistorySync, Message } = library.proto;
const robin = '12025550123@s.whatsapp.net';

function announcement(): library.proto.IMessage {
  const message = {
    key: { remoteJid: robin, id: 'PAST1', fromMe: false },
    messageTimestamp: 1_763_000_000,
    message: { conversation: 'Last week' },
  };
  const part = HistorySync.create({
    syncType: HistorySync.HistorySyncType.RECENT,
    conversations: [{ id: robin, messages: [{ message }] }],
  });
  const historySyncNotification = {
    initialHistBootstrapInlinePayload: deflateSync(HistorySync.encode(part).finish()),
  };
  return Message.create({ protocolMessage: { historySyncNotification } });
}

it('imports a part whose announcement is committed while an import looks for it', async () => {
  const state = new Map<string, string>();
  const received: Received[] = [];
  const found: (() => void)[] = [];
  const session = {
    settings: settingsSchema.parse({}),
    signal: new AbortController().signal,
    now: () => new Date(),
    // What is answered is what stood there when it was asked.
    recall: async (name: string) => {
      const value = state.get(name);
      if (name.startsWith('history/')) await new Promise<void>((resolve) => found.push(resolve));
      return value;
    },
    recallMany: async () => new Map<string, string>(),
  };
  const keys = new KeyStore(session, library, async () => undefined);
  const commit = async (more: readonly Received[], changes: StateChanges = {}) => {
    received.push(...more);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) state.delete(name);
      else state.set(name, value);
    }
  };
  const own = () => ({});
  const names = new Names(session, keys, own);
  const past = new Past({ library, names, own, recallMany: session.recallMany });
  const history = new History(session, library, past, own, commit);
  const failed = (error: unknown) => expect(error).toBeUndefined();

  const changes = await history.announcedBy(announcement(), 'NOTICE1');
  // After the commit of something else.
  history.import(failed);
  await turn();
  expect(found).toHaveLength(1);
  await commit([], changes);
  history.import(failed);
  found[0]?.();
  await vi.waitFor(() => {
    found[1]?.();
    expect(received).toHaveLength(1);
    expect(state.get('history-pending')).toBe('[]');
  }, 10_000);
  expect(received.map(({ endpoint, provenance }) => [endpoint, provenance])).toEqual([
    ['history', 'history'],
  ]);
});
