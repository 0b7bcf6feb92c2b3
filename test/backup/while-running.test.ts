import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { requirePostgresUrl } from '../crash/support/databases.js';
import { settled } from '../crash/support/kept.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { addDesk, send, Traffic } from '../support/traffic.js';
import {
  backUp,
  emptyPlace,
  expectDone,
  type Logged,
  restore,
  shelf,
  untilAnswered,
} from './support/backups.js';

const embedded = async () => undefined;
const server = (context: TestContext) => requirePostgresUrl(context);

describe.each([
  ['embedded', embedded, embedded],
  ['Postgres', server, server],
  ['embedded to Postgres', embedded, server],
  ['Postgres to embedded', server, embedded],
] as const)('a backup under load: %s', (_name, source, target) => {
  test(
    'has all that was answered before it began; what is restored goes on',
    { timeout: 240_000 },
    async (context) => {
      const [from, to] = [await source(context), await target(context)];
      const original = await GatewayProcess.start({ databaseUrl: from });
      const traffic = new Traffic(await addDesk(original), { conversations: 8, seed: 3 });
      const sending = traffic.send(original);
      await untilAnswered(traffic, 200);
      const before = traffic.answered.length;
      const taken = traffic.answered.map(({ text }) => text);
      const file = join(await shelf(), 'backup.tar');
      await backUp(original, file, from);
      await untilAnswered(traffic, before + 50);
      traffic.stop();
      await sending;
      expect(traffic.refusals, 'nobody was sent away for the backup').toEqual([]);
      await settled(original);
      const records = await original.list<Envelope>('/v1/records');
      await original.stop();

      const restored = await emptyPlace(original, to);
      expectDone(await restore(restored, file, to));
      await restored.start();
      await expectPrefixOf(restored, records, taken);
      await expectGoesOn(restored, traffic);
      await restored.stop();
    },
  );
});

/** What is there is what was there, from the first record on without a hole, at least up to what had been answered. */
async function expectPrefixOf(
  restored: GatewayProcess,
  records: readonly Envelope[],
  taken: readonly string[],
) {
  const status = await settled(restored);
  const kept = await restored.list<Envelope>('/v1/records');
  const messages = await restored.list<Logged>('/v1/messages');
  expect(kept.map(({ skeleton }) => skeleton.sequence)).toEqual(kept.map((_, index) => index + 1));
  const texts = new Map<string, number>();
  for (const { text } of messages) texts.set(text, (texts.get(text) ?? 0) + 1);
  expect(
    taken.filter((text) => texts.get(text) !== 1),
    'each is there, once',
  ).toEqual([]);
  // Captures that were in the inbox or the spool at that moment are recorded by the restored gateway itself.
  const same = kept.filter((record, index) => record.skeleton.id === records[index]?.skeleton.id);
  expect(same).toEqual(records.slice(0, same.length));
  expect(same.length).toBeGreaterThan(0);
  expect(status.deliveries).toEqual({ pending: 0, delivered: kept.length, dead: 0 });
}

/** The provider sends again what came in after the backup, and new messages: each is recorded once, and the numbers go on. */
async function expectGoesOn(restored: GatewayProcess, traffic: Traffic) {
  for (const { request } of traffic.messages) {
    expect((await send(restored.webhookBase, request)).status).toBe(200);
  }
  await traffic.send(restored, { each: 2 });
  await settled(restored);
  const records = await restored.list<Envelope>('/v1/records');
  expect(records.map(({ skeleton }) => skeleton.sequence)).toEqual(records.map((_, index) => index + 1));
  const messages = await restored.list<Logged>('/v1/messages');
  const texts = (list: readonly { text: string }[]) => list.map(({ text }) => text).sort();
  expect(texts(messages)).toEqual(texts(traffic.messages));
}
