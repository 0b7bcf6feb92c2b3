import type { StateChanges } from 'archway/sdk';
import { beforeEach, expect, it } from 'vitest';
import { Awaiting, awaitingSecret } from './awaiting.js';
import { secretGroup, subjectOf } from './secrets.js';

const chat = '12025550123@s.whatsapp.net';
const secretOf = (id: string) => ({
  [`${secretGroup}/${subjectOf(chat, id)}`]: JSON.stringify({ secret: 'AAAA', senders: [chat] }),
});
const sealed = (id: string, needed: string, body: object = { id }) =>
  awaitingSecret({ chat, id, needed }, 'message', body);

let state: Map<string, string>;
let awaiting: Awaiting;

const session = {
  recall: async (name: string) => state.get(name),
  recallMany: async (names: readonly string[]) =>
    new Map(names.flatMap((name) => (state.has(name) ? [[name, state.get(name) ?? ''] as const] : []))),
};

beforeEach(() => {
  state = new Map();
  awaiting = new Awaiting(session);
});

/** One commit; returns what it made known. */
async function commit(changes: StateChanges): Promise<unknown[]> {
  const more = await awaiting.among(changes);
  for (const [name, value] of Object.entries({ ...changes, ...more.changes })) {
    if (value === null) state.delete(name);
    else state.set(name, value);
  }
  return more.received.map(({ body }) => JSON.parse(Buffer.from(body).toString('utf8')) as unknown);
}

const kept = () => [...state.keys()].filter((name) => name.startsWith('awaiting/'));

it('gives what waited for a secret when it comes, and nothing else', async () => {
  expect(await commit(sealed('V1', 'P1'))).toEqual([]);
  expect(await commit(sealed('V2', 'P2'))).toEqual([]);
  expect(await commit(secretOf('P3'))).toEqual([]);
  const opened = { id: 'V1', secret: 'AAAA', original: { senders: [chat] }, closes: true };
  expect(await commit(secretOf('P1'))).toEqual([opened]);
  expect(await commit(secretOf('P1'))).toEqual([]);
  expect(kept()).toEqual([`awaiting/${chat}/V2`]);
});

it('minds a secret that was committed since it was looked for, or comes in the same commit', async () => {
  await commit(secretOf('P1'));
  expect(await commit(sealed('V1', 'P1'))).toMatchObject([{ id: 'V1', secret: 'AAAA' }]);
  expect(await commit({ ...sealed('V2', 'P2'), ...secretOf('P2') })).toMatchObject([{ id: 'V2' }]);
  expect(kept()).toEqual([]);
});

it('keeps no more than it may, the latest of them, and nothing that is too long', async () => {
  for (let number = 0; number < 503; number += 1) await commit(sealed(`V${number}`, 'P1'));
  expect(kept()).toHaveLength(500);
  const opened = await commit(secretOf('P1'));
  expect(opened).toHaveLength(500);
  expect(opened[0]).toMatchObject({ id: 'V3' });
  expect(sealed('V', 'P', { text: 'x'.repeat(70_000) })).toEqual({});
});
