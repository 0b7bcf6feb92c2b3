import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { settled } from '../crash/support/kept.js';
import { isLongRun, seed } from '../crash/support/rounds.js';
import { archway } from '../support/command-line.js';
import { GatewayProcess, until } from '../support/gateway-process.js';
import { addDesk, Traffic } from '../support/traffic.js';
import { type Received, type ReceiverMode, ReceiverProcess } from './support/receiver-process.js';

/** Sinks under trouble, shown on a real gateway, a real receiver of webhooks, and a directory beside it. */

const conversations = 8;
const messagesEach = isLongRun ? 60 : 12;
const total = conversations * messagesEach;
const patienceMs = 90_000;

interface SinkView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly trouble: { readonly kind: string; readonly since: string } | null;
  readonly waiting: number;
  readonly lagSeconds: number;
  readonly delivered: number;
  readonly dead: number;
}

interface DeadLetter {
  readonly record: string;
  readonly failureKind: string;
}

interface Stage {
  readonly gateway: GatewayProcess;
  readonly receiver: ReceiverProcess;
  readonly traffic: Traffic;
}

/** A gateway with two sinks: the directory that each first start makes, and a receiver that behaves like this. */
async function setStage(receiver: ReceiverProcess, settings: Record<string, string> = {}): Promise<Stage> {
  console.log(`Seed ${seed}: repeat with ARCHWAY_TEST_SEED=${seed}.`);
  const gateway = await GatewayProcess.start({ databaseUrl: await freshDatabaseUrl() });
  const given = { type: 'webhook', name: 'receiver', settings: { ...receiver.settings, ...settings } };
  await gateway.call('POST', '/v1/sinks', given);
  const traffic = new Traffic(await addDesk(gateway), { conversations, seed });
  return { gateway, receiver, traffic };
}

const sinkNamed = (gateway: GatewayProcess, name: string) =>
  gateway.call<SinkView>('GET', `/v1/sinks/${name}`);

/** Every message is in the archive that was never in trouble. */
async function archiveIsDone(gateway: GatewayProcess, messages: number): Promise<void> {
  const isDone = async () => {
    const { waiting, delivered } = await sinkNamed(gateway, 'archive');
    return waiting === 0 && delivered >= messages;
  };
  await until(isDone, patienceMs, 'The sink that is well was held up');
}

/** Each record by its key and once, and in the order of its conversation. */
async function expectAllReceived(
  { gateway, receiver }: Stage,
  { but = [] }: { but?: readonly string[] } = {},
): Promise<void> {
  const { id } = await sinkNamed(gateway, 'receiver');
  const records = await gateway.list<Received['envelope']>('/v1/records');
  const wanted = records.filter(({ skeleton }) => !but.includes(skeleton.id));
  const received = await receiver.received();
  const byKey = new Map(received.map(({ key, envelope }) => [key, envelope]));
  expect(byKey.size, 'no key twice').toBe(received.length);
  expect([...byKey.keys()].sort()).toEqual(wanted.map(({ skeleton }) => `${skeleton.id}/${id}`).sort());
  for (const record of wanted) expect(byKey.get(`${record.skeleton.id}/${id}`)).toEqual(record);
  expectOrder(received);
}

function expectOrder(received: readonly Received[]): void {
  const last = new Map<string, number>();
  for (const { envelope } of received) {
    const { conversation = '', sequence } = envelope.skeleton;
    expect(sequence, 'the order of the conversation').toBeGreaterThan(last.get(conversation) ?? 0);
    last.set(conversation, sequence);
  }
}

const deadLetters = (gateway: GatewayProcess) => gateway.list<DeadLetter>('/v1/dead-letters');

async function expectNothingGivenUp(gateway: GatewayProcess): Promise<void> {
  expect(await deadLetters(gateway)).toEqual([]);
  const { state, trouble, waiting, lagSeconds } = await sinkNamed(gateway, 'receiver');
  expect({ state, trouble, waiting, lagSeconds }).toEqual({
    state: 'open',
    trouble: null,
    waiting: 0,
    lagSeconds: 0,
  });
}

test('a sink that is down for the whole run, and then returns', { timeout: 240_000 }, async () => {
  const stage = await setStage(await ReceiverProcess.create());
  const { gateway, receiver, traffic } = stage;
  await traffic.send(gateway, { each: messagesEach });
  await archiveIsDone(gateway, total);
  const down = await sinkNamed(gateway, 'receiver');
  expect(down).toMatchObject({ state: 'down', trouble: { kind: 'unavailable' }, delivered: 0, dead: 0 });
  expect(down.waiting).toBeGreaterThanOrEqual(total);
  expect(down.lagSeconds).toBeGreaterThan(0);

  await gateway.stop();
  await gateway.start();
  await receiver.start();
  // Without it, the next try comes by itself, within five minutes.
  expect((await archway(gateway, 'sink', 'resume', 'receiver')).code).toBe(0);
  await settled(gateway);
  await expectNothingGivenUp(gateway);
  await expectAllReceived(stage);
});

test(
  'a sink that takes connections and never answers is down, and gives up nothing',
  {
    timeout: 240_000,
  },
  async () => {
    const stage = await setStage(await ReceiverProcess.running({ kind: 'hangs' }));
    const { gateway, receiver, traffic } = stage;
    await traffic.send(gateway, { each: messagesEach });
    await archiveIsDone(gateway, total);
    const isDown = async () => (await sinkNamed(gateway, 'receiver')).state === 'down';
    await until(isDown, patienceMs, 'The sink was not found to be down');
    expect(await sinkNamed(gateway, 'receiver')).toMatchObject({
      trouble: { kind: 'indeterminate' },
      delivered: 0,
    });
    await sleep(8_000);
    expect(await deadLetters(gateway)).toEqual([]);

    await receiver.behave({ kind: 'takes' });
    await gateway.call('POST', '/v1/sinks/receiver/resume');
    await settled(gateway);
    await expectNothingGivenUp(gateway);
    await expectAllReceived(stage);
  },
);

test('a sink that fails one item in ten', { timeout: 240_000 }, async () => {
  const stage = await setStage(await ReceiverProcess.running({ kind: 'fails', oneIn: 10, seed }));
  const { gateway, traffic } = stage;
  await traffic.send(gateway, { each: messagesEach });
  await settled(gateway);
  await expectNothingGivenUp(gateway);
  await expectAllReceived(stage);
});

test.each([1, 20])(
  'a sink that rejects one item in ten for good, in requests of up to %i: dead letters, which can be replayed',
  { timeout: 240_000 },
  async (batch) => {
    const rejects: ReceiverMode = { kind: 'rejects', oneIn: 10, seed };
    const stage = await setStage(await ReceiverProcess.running(rejects), { batch: String(batch) });
    const { gateway, receiver, traffic } = stage;
    await traffic.send(gateway, { each: messagesEach });
    await settled(gateway);
    const dead = await deadLetters(gateway);
    expect(dead.length).toBeGreaterThan(0);
    expect(dead.length).toBeLessThan(total / 2);
    expect(new Set(dead.map(({ failureKind }) => failureKind))).toEqual(new Set(['rejected']));
    await expectAllReceived(stage, { but: dead.map(({ record }) => record) });

    await receiver.behave({ kind: 'takes' });
    expect((await archway(gateway, 'dead-letters', 'replay')).stdout).toContain(`: ${dead.length}`);
    await settled(gateway);
    await expectNothingGivenUp(gateway);
    const received = await receiver.received();
    expect(new Set(received.map(({ key }) => key)).size).toBe((await gateway.list('/v1/records')).length);
  },
);

test(
  'a slow sink does not hold up the one beside it, and gets everything',
  { timeout: 240_000 },
  async () => {
    const slow = await ReceiverProcess.running({ kind: 'is-slow', delayMs: 2_000 });
    const stage = await setStage(slow, { timeoutMs: '20000' });
    const { gateway, receiver, traffic } = stage;
    await traffic.send(gateway, { each: messagesEach });
    await archiveIsDone(gateway, total);
    expect((await sinkNamed(gateway, 'receiver')).waiting, 'the slow one is still at it').toBeGreaterThan(0);
    await receiver.behave({ kind: 'is-slow', delayMs: 50 });
    await settled(gateway);
    await expectNothingGivenUp(gateway);
    await expectAllReceived(stage);
  },
);

test(
  'a sink that is killed in mid-batch, again and again, and the gateway too',
  { timeout: 300_000 },
  async () => {
    const receiver = await ReceiverProcess.running({ kind: 'is-slow', delayMs: 20 });
    const stage = await setStage(receiver, { batch: '20' });
    const { gateway, traffic } = stage;
    const load = traffic.send(gateway, { unanswered: 'retry', pauseMs: 20 });
    for (let round = 0; round < (isLongRun ? 20 : 4); round += 1) {
      await sleep(500 + ((seed + round * 7_919) % 700));
      await receiver.kill();
      if (round % 2 === 1) {
        await gateway.killNow();
        await gateway.start();
      }
      await sleep(200);
      await receiver.start();
      await gateway.call('POST', '/v1/sinks/receiver/resume');
    }
    traffic.stop();
    await load;
    await traffic.resend(gateway);
    await gateway.call('POST', '/v1/sinks/receiver/resume');
    await settled(gateway);
    expect(traffic.answered.length).toBeGreaterThan(conversations);
    await expectNothingGivenUp(gateway);
    await expectAllReceived(stage);
  },
);
