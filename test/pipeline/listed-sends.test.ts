import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveOutbound } from '../../src/domain/outbound-resolution.js';
import { type Accepted, Failure, type MessageEvent, outboundKey } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { receipt, says } from './support/connector.js';
import { ask as askToReconcile, listingConnector, reconcileAll } from './support/reconciling.js';
import { ask, listedSend, outbound, sendAll, sendingConnector, startSending } from './support/sending.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const lost = async (): Promise<Accepted> => {
  throw new Failure('indeterminate', 'The line broke.');
};

/** A provider that lists these messages, and gives no answer to a send unless the test says otherwise. */
function open(listed: () => readonly MessageEvent[], send: () => Promise<Accepted> = lost): Promise<World> {
  const lists = () => listed().map((event) => says(event));
  return World.open(test.database, { connector: sendingConnector(listingConnector(lists), send) });
}

/** Kinds of the records, but for the gaps that opened and closed with the window. */
const kinds = async (world: World) =>
  (await world.envelopes()).map(({ skeleton }) => skeleton.kind).filter((kind) => kind !== 'gap');

async function reconciled(world: World): Promise<void> {
  await askToReconcile(world);
  expect(await reconcileAll(world)).toMatchObject([{ state: 'done' }]);
}

describe('a message of ours without an answer, which the provider lists', () => {
  it('is found by conversation, text and time, and the record says so', async () => {
    const world = await open(() => [listedSend('p1', 'Good morning'), listedSend('p2', 'Something else')]);
    const [id = ''] = await sendAll(world, 'Good morning');
    expect(await outbound(world, id)).toMatchObject({ state: 'indeterminate' });
    await reconciled(world);
    expect(await outbound(world, id)).toMatchObject({ state: 'accepted', reason: 'listed' });
    // The request, that there was no answer, what was found, and the message of somebody else.
    expect(await kinds(world)).toEqual(['message', 'receipt', 'receipt', 'message']);
    const found = (await world.envelopes()).flatMap(({ content }) =>
      content?.kind === 'receipt' && content.status === 'accepted' ? [content] : [],
    );
    expect(found).toMatchObject([{ about: outboundKey(id), provider: { foundBy: expect.any(String) } }]);
    const before = (await kinds(world)).length;
    await world.receive(says(receipt('r1', 'p1', 'delivered')));
    await world.normalise();
    const { skeleton } = (await world.envelopes()).at(-1) as { skeleton: { about?: string } };
    const [request] = await world.envelopes();
    expect(skeleton.about, 'a later report under the name of the provider').toBe(request?.skeleton.key);
    expect(await kinds(world)).toHaveLength(before + 1);
  });

  it('is not guessed at where two of ours fit', async () => {
    const world = await open(() => [listedSend('p1', 'Yes')]);
    const ids = await sendAll(world, 'Yes', 'Yes');
    await reconciled(world);
    for (const id of ids) expect(await outbound(world, id)).toMatchObject({ state: 'indeterminate' });
    expect((await kinds(world)).filter((kind) => kind === 'message')).toHaveLength(3);
  });

  it('is not guessed at where two listed ones fit', async () => {
    const world = await open(() => [listedSend('p1', 'Yes'), listedSend('p2', 'Yes')]);
    const [id = ''] = await sendAll(world, 'Yes');
    await reconciled(world);
    expect(await outbound(world, id)).toMatchObject({ state: 'indeterminate' });
    expect((await kinds(world)).filter((kind) => kind === 'message')).toHaveLength(3);
  });

  const earlier = new Date(Date.now() - 10 * 60_000).toISOString();
  it.each<[string, Partial<MessageEvent>]>([
    ['another text', { text: 'Good evening' }],
    ['another conversation', { conversation: 'another one' }],
    ['another time', { occurredAt: { at: earlier, granularity: 'second' } }],
    ['an attachment', { attachments: [{ key: 'a1' }] }],
    ['the other direction', { direction: 'inbound' }],
  ])('is not the one with %s', async (_, difference) => {
    const world = await open(() => [listedSend('p1', 'Good morning', difference)]);
    const [id = ''] = await sendAll(world, 'Good morning');
    await reconciled(world);
    expect(await outbound(world, id)).toMatchObject({ state: 'indeterminate' });
    expect((await kinds(world)).filter((kind) => kind === 'message')).toHaveLength(2);
  });

  it('keeps what a person said of it, and is one message', async () => {
    const world = await open(() => [listedSend('p1', 'Good morning')]);
    const [id = ''] = await sendAll(world, 'Good morning');
    const said = { outcome: 'sent', actor: id } as const;
    expect(await resolveOutbound(world.database, world.tenant, await outbound(world, id), said)).toBe(true);
    await reconciled(world);
    expect(await outbound(world, id)).toMatchObject({ state: 'accepted', reason: 'resolved' });
    expect((await kinds(world)).filter((kind) => kind === 'message')).toHaveLength(1);
    expect((await world.captureStates()).map(({ state }) => state)).not.toContain('quarantined');
  });
});

it('a message that is listed while its call is under way is waited for', async () => {
  let answer = (_: Accepted): void => undefined;
  const answered = new Promise<Accepted>((resolve) => {
    answer = resolve;
  });
  const world = await open(
    () => [listedSend('p1', 'Good morning')],
    () => answered,
  );
  const id = await ask(world, 'Good morning');
  const sending = await startSending(world);
  await until(async () => (await outbound(world, id)).state === 'sending');
  await askToReconcile(world);
  const reports = reconcileAll(world);
  await sleep(600);
  answer({ providerId: 'p1', aliases: ['p1'] });
  expect(await reports).toMatchObject([{ state: 'done', observed: 1, recorded: 1, missing: 0 }]);
  await sending.stop();
  await world.normalise();
  expect(await kinds(world)).toEqual(['message', 'receipt']);
});

describe('a report that names our message and the provider’s own name for it', () => {
  const reports = (id: string) => ({
    ...says(receipt('r1', outboundKey(id), 'delivered')),
    aliases: [{ alias: 'p1', key: outboundKey(id) }],
  });

  it('ends that there was no answer, and is the name under which it is listed', async () => {
    const world = await open(() => [listedSend('p1', 'Good morning')]);
    const [id = ''] = await sendAll(world, 'Good morning');
    await world.receive(reports(id));
    await world.normalise();
    expect(await outbound(world, id)).toMatchObject({ state: 'accepted', reason: 'reported' });
    await reconciled(world);
    expect(await kinds(world)).toEqual(['message', 'receipt', 'receipt']);
  });

  it('counts also where it was quicker than the end of the call', async () => {
    let id = '';
    const world = await open(
      () => [listedSend('p1', 'Good morning')],
      async () => {
        const [captureId] = await world.receive(reports(id));
        await until(async () =>
          (await world.captureStates()).some(
            (capture) => capture.id === captureId && capture.state === 'done',
          ),
        );
        return lost();
      },
    );
    id = await ask(world, 'Good morning');
    const sending = await startSending(world);
    await until(async () => !['requested', 'sending'].includes((await outbound(world, id)).state));
    await sending.stop();
    expect(await outbound(world, id)).toMatchObject({ state: 'accepted', reason: 'reported' });
    await reconciled(world);
    expect((await kinds(world)).filter((kind) => kind === 'message')).toHaveLength(1);
  });

  it('says nothing about a message of another account', async () => {
    const world = await open(() => []);
    const [id = ''] = await sendAll(world, 'Good morning');
    const other = await open(() => []);
    await other.receive(reports(id));
    await other.normalise();
    expect(await outbound(world, id)).toMatchObject({ state: 'indeterminate' });
  });
});
