import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/core/canonical.js';
import { receiptRank } from '../../src/core/receipt-status.js';
import { readRecords } from '../../src/db/journal.js';
import { readMessages } from '../../src/db/message-page.js';
import { addPerson } from '../../src/domain/people.js';
import { envelopeSchema, type ReceiptEvent } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { contactNumber, message, ownNumber, receipt, says } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const open = (options = {}) => World.open(test.database, options);

describe('a capture becomes records', () => {
  it('whose envelopes are valid and whose digests anyone can recompute', async () => {
    const world = await open();
    const said = says(message('m1', { text: 'Buy 100 ACME \0 🐘' }), receipt('r1', 'm1', 'delivered'));
    const [captureId] = await world.receive(said);
    await world.normalise();

    const envelopes = await world.envelopes();
    expect(envelopes.map(({ skeleton }) => [skeleton.sequence, skeleton.kind])).toEqual([
      [1, 'message'],
      [2, 'receipt'],
    ]);
    for (const envelope of envelopes) {
      expect(envelopeSchema.parse(envelope)).toEqual(envelope);
      const salt = Buffer.from(envelope.salt, 'base64');
      const hmac = (bytes: Uint8Array) => createHmac('sha256', salt).update(bytes).digest('hex');
      expect(envelope.skeleton.contentDigest).toBe(hmac(canonicalBytes(envelope.content)));
      const body = createHash('sha256').update(JSON.stringify(said)).digest();
      expect(envelope.skeleton.capture).toEqual({ id: captureId, digest: hmac(body) });
    }
    expect(envelopes[1]?.skeleton.about).toBe(envelopes[0]?.skeleton.key);
    expect(envelopes[0]?.content).toMatchObject({ text: 'Buy 100 ACME \0 🐘' });
  });

  it('with a leaf hash over the skeleton as stored', async () => {
    const world = await open();
    await world.receive(says(message('m1')));
    await world.normalise();
    const [row] = await readRecords(test.database.orm, { instanceId: world.tenant.id, after: 0, limit: 1 });
    const leaf = createHash('sha256')
      .update(Buffer.concat([Buffer.of(0), row!.skeleton]))
      .digest('hex');
    expect(Buffer.from(row!.leafHash).toString('hex')).toBe(leaf);
  });

  it('in the order in which captures were accepted, without holes', async () => {
    const world = await open();
    const keys = Array.from({ length: 700 }, (_, index) => `m${index}`);
    for (let start = 0; start < keys.length; start += 100) {
      await world.receive(...keys.slice(start, start + 100).map((key) => says(message(key))));
    }
    await world.normalise();
    const envelopes = await world.envelopes();
    expect(envelopes.map(({ skeleton }) => skeleton.sequence)).toEqual(keys.map((_, index) => index + 1));
    expect(envelopes.map(({ content }) => content.kind === 'message' && content.key)).toEqual(keys);
  });

  it('also when it holds five thousand events', async () => {
    const world = await open();
    const events = Array.from({ length: 5_000 }, (_, index) => message(`m${index}`, { text: `${index}` }));
    await world.receive(says(...events));
    await world.normalise();
    expect(await world.envelopes()).toHaveLength(5_000);
  });

  it('with what is unknown kept as a record that says why, and what is empty as none', async () => {
    const world = await open();
    await world.receive(
      { kind: 'unsupported', reason: 'a poll\0 that nobody knows \ud800' },
      { kind: 'ignored', reason: 'a ping' },
    );
    await world.normalise();
    const [envelope, ...others] = await world.envelopes();
    expect(others).toEqual([]);
    expect(envelope?.content).toEqual({
      kind: 'unsupported',
      reason: 'a poll\uFFFD that nobody knows \uFFFD',
      endpoint: 'messages',
    });
    expect((await world.captureStates()).map(({ state }) => state)).toEqual(['done', 'done']);
  });
});

describe('people', () => {
  it('are resolved on both sides of a message', async () => {
    const world = await open();
    const { orm } = test.database;
    const custodian = { role: 'custodian' as const, name: 'Ada Adviser', addresses: [ownNumber] };
    const ada = await addPerson(orm, world.tenant, custodian);
    const contact = { role: 'contact' as const, name: 'Carl Client', addresses: ['+1 (202) 555-0123'] };
    const carl = await addPerson(orm, world.tenant, contact);
    await world.receive(says(message('m1')));
    await world.normalise();
    const [envelope] = await world.envelopes();
    expect(envelope?.content).toMatchObject({
      from: { asReceived: contactNumber },
      custodian: { id: ada.id, name: 'Ada Adviser' },
      contact: { id: carl.id, name: 'Carl Client' },
    });
  });

  it('are left out where nobody is known', async () => {
    const world = await open();
    await world.receive(says(message('m1')));
    await world.normalise();
    const [envelope] = await world.envelopes();
    expect(envelope?.content).not.toHaveProperty('custodian');
    expect(envelope?.content).not.toHaveProperty('contact');
  });
});

describe('location and device', () => {
  const located = (text: string) =>
    message('m1', { text, location: { city: 'Springfield' }, device: { model: 'Brick 2000' } });

  it('are in no envelope unless the instance keeps them, not even in a conflict', async () => {
    const world = await open();
    await world.receive(says(located('one')), says(located('two')));
    await world.normalise();
    const envelopes = await world.envelopes();
    expect(envelopes.map(({ skeleton }) => skeleton.kind)).toEqual(['message', 'conflict']);
    expect(JSON.stringify(envelopes)).not.toMatch(/Springfield|Brick/);
  });

  it('are kept where the instance wants them', async () => {
    const world = await open({ keepLocation: true });
    await world.receive(says(located('one')));
    await world.normalise();
    const [envelope] = await world.envelopes();
    expect(envelope?.content).toMatchObject({
      location: { city: 'Springfield' },
      device: { model: 'Brick 2000' },
    });
  });
});

describe('the status of a message', () => {
  const statuses = ['queued', 'sent', 'delivered'] as const;
  const orders = permutations(['message', ...statuses]);

  it.each(orders.map((order) => ({ order })))('is the highest receipt: $order', async ({ order }) => {
    const world = await open();
    for (const step of order) {
      const event =
        step === 'message'
          ? message('m1', { direction: 'outbound' })
          : receipt(`r-${step}`, 'm1', step as ReceiptEvent['status']);
      await world.receive(says(event));
    }
    await world.normalise();
    const [row, ...others] = await readMessages(test.database.orm, {
      instanceId: world.tenant.id,
      after: 0,
      limit: 10,
    });
    expect(others).toEqual([]);
    expect(row).toMatchObject({ status: 'delivered', statusRank: receiptRank('delivered') });
  });

  it('is nothing for an outbound message without receipts, and received for an inbound one', async () => {
    const world = await open();
    await world.receive(says(message('out', { direction: 'outbound' }), message('in')));
    await world.normalise();
    const rows = await readMessages(test.database.orm, { instanceId: world.tenant.id, after: 0, limit: 9 });
    expect(rows.map(({ status }) => status)).toEqual([null, 'received']);
  });
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}
