import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { readHistory } from '../../src/db/journal.js';
import { readMessages } from '../../src/db/message-page.js';
import { eventKey } from '../../src/domain/event-keys.js';
import { captureOwn, ownCapture } from '../../src/domain/own-captures.js';
import { originOf } from '../../src/pipeline/origin.js';
import { envelopeSchema, type OwnEvent } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { message, receipt, says } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const alert: OwnEvent = {
  kind: 'alert',
  key: 'alert/1',
  channel: 'archway',
  state: 'open',
  reason: 'spool-filling',
  detail: 'The spool is half full.',
};

async function say(
  world: World,
  accountId: string | null,
  events: OwnEvent[],
  aliases?: { alias: string; key: string }[],
) {
  await test.database.orm.transaction((tx) =>
    captureOwn(tx, world.tenant.vault, accountId, { events, ...(aliases && { aliases }) }),
  );
  await world.normalise();
}

const log = (world: World) =>
  readMessages(test.database.orm, { instanceId: world.tenant.id, after: 0, limit: 10 });

describe('what the gateway says itself', () => {
  it('becomes a record that belongs to no account', async () => {
    const world = await World.open(test.database);
    await say(world, null, [alert]);
    const [envelope] = await world.envelopes();
    expect(envelopeSchema.parse(envelope)).toEqual(envelope);
    expect(envelope).toMatchObject({
      skeleton: { kind: 'alert', connector: 'archway', provenance: 'internal' },
      content: { reason: 'spool-filling', detail: 'The spool is half full.' },
    });
    expect(envelope?.skeleton.account).toBeUndefined();
  });

  it('is not there when its transaction fails', async () => {
    const world = await World.open(test.database);
    const failing = test.database.orm.transaction(async (tx) => {
      await captureOwn(tx, world.tenant.vault, null, { events: [alert] });
      throw new Error('after all not');
    });
    await expect(failing).rejects.toThrow('after all not');
    expect(await world.captureStates()).toEqual([]);
  });

  it('commits to the bytes that were kept of an attachment by a salted digest', async () => {
    const world = await World.open(test.database);
    const attachment = newId();
    const sha256 = 'ab'.repeat(32);
    const kept = {
      kind: 'attachment',
      key: 'attachment/1',
      about: 'm1',
      channel: 'mms',
      attachment,
      byteLength: 3,
      sha256,
    } as const;
    await say(world, world.account.id, [kept]);
    const [envelope] = await world.envelopes();
    expect(envelope?.skeleton.attachments).toEqual([
      { id: attachment, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(JSON.stringify(envelope?.skeleton)).not.toContain(sha256);
  });

  it('that makes no sense goes to quarantine, and the inbox goes on', async () => {
    const world = await World.open(test.database);
    await say(world, null, [{ ...alert, state: 'ajar' } as unknown as OwnEvent]);
    expect(await world.captureStates()).toMatchObject([{ state: 'quarantined' }]);
    await say(world, null, [alert]);
    expect((await world.envelopes()).map(({ skeleton }) => skeleton.kind)).toEqual(['gap', 'alert']);
  });

  it('cannot be said by a request from outside', async () => {
    const world = await World.open(test.database);
    const { endpoint } = ownCapture(world.tenant.vault, world.account.id, { events: [alert] });
    await test.database.orm.transaction(() => Promise.resolve());
    await world.receive(JSON.stringify({ events: [alert] }));
    await world.normalise();
    expect(endpoint).toBe('own');
    expect((await world.envelopes()).map(({ skeleton }) => skeleton.kind)).not.toContain('alert');
  });
});

describe('a message that we send and the provider names differently', () => {
  const requested = message('outbound/1', { direction: 'outbound' }) as OwnEvent;
  const alias = { alias: 'provider-7', key: 'outbound/1' };
  const accepted = receipt('accepted/1', 'outbound/1', 'accepted') as OwnEvent;

  it('is requested until its provider says more', async () => {
    const world = await World.open(test.database);
    await say(world, world.account.id, [requested]);
    expect(await log(world)).toMatchObject([{ status: 'requested' }]);
  });

  it.each(['before', 'after'])(
    'takes a receipt under the other name that came %s the answer',
    async (when) => {
      const world = await World.open(test.database);
      await say(world, world.account.id, [requested]);
      const early = says(receipt('r1', 'provider-7', 'delivered'));
      if (when === 'before') await world.receive(early);
      await say(world, world.account.id, [accepted], [alias]);
      if (when === 'after') await world.receive(early);
      await world.normalise();
      expect(await log(world)).toMatchObject([{ status: 'delivered' }]);
      const key = eventKey(world.tenant.vault, originOf(world.account, 'webhook'), 'outbound/1');
      const history = await readHistory(test.database.orm, world.tenant.id, key);
      expect(history.map(({ kind }) => kind)).toEqual(['message', 'receipt', 'receipt']);
    },
  );
});
