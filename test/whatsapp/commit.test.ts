import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { type Device, type Peer, WhatsAppServer } from './server/index.js';
import { TestDevice } from './support/device.js';

let server: WhatsAppServer;
let phone: TestDevice;
let device: Device;
let robin: Peer;

beforeEach(async () => {
  server = await WhatsAppServer.start();
  phone = new TestDevice(server);
  device = await phone.link();
  robin = server.peer({ phone: '+14155550101', pushName: 'Robin' });
});

afterEach(async () => {
  await phone.stop();
  expect(server.faults).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const acknowledged = () => until(() => device.unacknowledged.length === 0);

async function everything(): Promise<string[]> {
  const group = server.group({ subject: 'Lunch', members: [robin, server.phone] });
  await robin.send(device, { conversation: 'one' });
  await group.send(device, robin, { conversation: 'two' });
  await server.phone.write(device, robin, { conversation: 'three' });
  await robin.send(device, { conversation: 'four' }, { address: 'lid' });
  group.rename(device, robin, 'Dinner');
  robin.call(device).timeOut();
  await robin.send(device, { conversation: 'five' });
  return ['one', 'two', 'three', 'four', 'five'];
}

describe('committed before acknowledged', () => {
  it('each message once, its stanza and its bytes with it', async () => {
    const texts = await everything();
    await acknowledged();
    expect(phone.store.texts.toSorted()).toEqual(texts.toSorted());
    expect(phone.store.bodies('stanza').filter(({ failure }) => failure !== undefined)).toEqual([]);
  });

  it('a call is acknowledged when its capture is committed, and not before', async () => {
    await acknowledged();
    let commit: (() => void) | undefined;
    phone.session.beforeCommit = (received) => {
      if (!received.some(({ endpoint }) => endpoint === 'stanza')) return undefined;
      return new Promise((resolve) => {
        commit = resolve;
      });
    };
    const calls = () => server.seen.acks.filter((ack) => ack.class === 'call');
    robin.call(device);
    await until(() => commit !== undefined);
    // Long enough for an acknowledgement that nothing holds back.
    await sleep(500);
    expect(calls()).toEqual([]);
    commit?.();
    await until(() => calls().length === 1);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('a life that ends before its commit %i', async (last) => {
    await phone.stop();
    let count = 0;
    let sent = 0;
    phone.start((session) => {
      session.beforeCommit = () => {
        count += 1;
        if (count < last) return;
        sent = server.seen.acks.length + server.seen.receipts.length;
        session.end();
      };
    });
    const texts = await everything();
    await phone.ended;
    phone.start();
    await phone.untilState('open');
    await acknowledged();
    expect(phone.store.texts.toSorted()).toEqual(texts.toSorted());
    expect(sent).toBeGreaterThanOrEqual(0);
    expect(phone.store.bodies('stanza').filter(({ failure }) => failure !== undefined)).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('a life that ends right after its commit %i', async (last) => {
    await phone.stop();
    let count = 0;
    phone.start((session) => {
      session.afterCommit = () => {
        count += 1;
        if (count === last) {
          session.end();
          return new Promise(() => undefined);
        }
      };
    });
    const texts = await everything();
    await phone.ended;
    phone.start();
    await phone.untilState('open');
    await acknowledged();
    expect(phone.store.texts.toSorted()).toEqual(texts.toSorted());
    expect(phone.store.bodies('stanza').filter(({ failure }) => failure !== undefined)).toEqual([]);
  });
});
