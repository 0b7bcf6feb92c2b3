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
const logins = () => server.seen.queries('passive').length;

/** A new life of the same device. */
async function restart(): Promise<void> {
  await phone.stop();
  phone.start();
}

describe('a linked device', () => {
  it('is open again after a restart, without being linked again', async () => {
    await restart();
    await phone.untilState('open');
    expect(server.phone.devices).toHaveLength(1);
    expect(phone.session.reports.map(({ state }) => state)).toEqual(['connecting', 'open']);
  });

  it.each([408, 428, 503, 500] as const)(
    'comes back by itself after %i, and misses nothing',
    async (code) => {
      server.close(device, code);
      await robin.send(device, { conversation: 'one' });
      await acknowledged();
      expect(phone.store.texts).toEqual(['one']);
      expect(phone.session.reports.some(({ state }) => state === 'degraded')).toBe(true);
    },
  );

  it('does not fight for its place, also after a restart; the operator takes it back', async () => {
    server.replace(device);
    await phone.untilState('replaced');
    const before = logins();
    await restart();
    await phone.untilState('replaced');
    expect(phone.session.health?.action).toContain('archway account link');
    expect(logins()).toBe(before);
    await robin.send(device, { conversation: 'one' });
    phone.session.order({ kind: 'link', method: 'qr' });
    await phone.untilState('open');
    await acknowledged();
    expect(phone.store.texts).toEqual(['one']);
    expect(server.phone.devices).toHaveLength(1);
  });

  it('that the phone has unlinked forgets its keys, and can be linked anew', async () => {
    server.logOut(device);
    await phone.untilState('logged-out');
    await until(() => ![...phone.store.state.keys()].some((name) => name.startsWith('key/')));
    expect(phone.store.state.has('credentials')).toBe(false);
    await restart();
    await phone.untilState('logged-out');
    phone.session.order({ kind: 'link', method: 'qr' });
    await until(() => phone.session.offer_ !== undefined);
    device = await server.scan(phone.session.offer_?.value ?? '');
    await phone.untilState('open');
    await robin.send(device, { conversation: 'one' });
    await acknowledged();
    expect(phone.store.texts).toEqual(['one']);
  });

  it('of a banned account waits for the operator', async () => {
    server.ban();
    await phone.untilState('banned');
    await restart();
    await phone.untilState('banned');
    expect(phone.session.health?.action).toContain('phone');
    expect(phone.store.state.has('credentials')).toBe(true);
  });

  it('is unlinked when the operator says so', async () => {
    phone.session.order({ kind: 'unlink' });
    await phone.untilState('awaiting-pairing');
    expect(phone.store.state.has('credentials')).toBe(false);
    expect(
      server.seen.queries('md').some(({ node }) => JSON.stringify(node).includes('remove-companion-device')),
    ).toBe(true);
  });

  it('with another number than the setting says is let go again, and the right one can be linked', async () => {
    const other = new TestDevice(server, { number: '+14155550177' });
    other.start();
    other.session.order({ kind: 'link', method: 'qr' });
    await until(() => other.session.offer_ !== undefined);
    await server.scan(other.session.offer_?.value ?? '');
    await until(() => other.session.health?.detail?.includes('another number') === true);
    expect(server.phone.devices.at(-1)?.removed).toBe(true);
    await until(() => !other.store.state.has('credentials'));
    other.session.order({ kind: 'link', method: 'qr' });
    await until(() => other.session.offer_ !== undefined);
    const right = server.addPhone({ phone: '+14155550177' });
    await server.scan(other.session.offer_?.value ?? '', right);
    await other.untilState('open');
    await other.stop();
  });
});

it('a setting that names another number than the linked phone has unlinks nothing', async () => {
  await phone.stop();
  const mistaken = new TestDevice(server, { number: '+14155550177' }, phone.store);
  mistaken.start();
  await mistaken.untilState('degraded');
  expect(mistaken.session.health?.action).toContain('Correct the setting');
  await mistaken.stop();
  phone.start();
  await phone.untilState('degraded');
  phone.session.order({ kind: 'link', method: 'qr' });
  await phone.untilState('open');
  expect(device.removed).toBe(false);
});

describe('linking', () => {
  it('by a code that is typed into the phone', async () => {
    const other = new TestDevice(server);
    other.start();
    other.session.order({ kind: 'link', method: 'code', phoneNumber: '+14155550100' });
    await until(() => other.session.offer_ !== undefined);
    expect(other.session.offer_?.method).toBe('code');
    expect(other.session.health).toMatchObject({ state: 'awaiting-pairing' });
    const typed = () => server.enterCode(other.session.offer_?.value ?? '').catch(() => undefined);
    await until(async () => (await typed()) !== undefined);
    await other.untilState('open');
    expect(other.session.offer_).toBeUndefined();
    await other.stop();
  });

  it('shows nothing, and asks nothing of WhatsApp, until the operator wants it', async () => {
    // A server of its own: the phone that is linked to the other one goes on speaking.
    await using quiet = await WhatsAppServer.start();
    const other = new TestDevice(quiet);
    other.start();
    await other.untilState('awaiting-pairing');
    await other.stop();
    expect(other.session.offer_).toBeUndefined();
    expect(quiet.seen.nodes).toEqual([]);
  });
});

describe('when the database is away', () => {
  it('nothing is acknowledged; what came comes again', async () => {
    phone.session.beforeCommit = () => {
      throw new Error('The database is away.');
    };
    const { id } = await robin.send(device, { conversation: 'one' });
    expect(await phone.ended).toMatchObject({ message: 'The database is away.' });
    expect(device.unacknowledged.map(({ attrs }) => attrs.id)).toContain(id);
    phone.start();
    await acknowledged();
    expect(phone.store.texts).toEqual(['one']);
    expect(phone.store.bodies('stanza')).toEqual([]);
  });

  it('reading it fails: a message is not taken for unreadable', async () => {
    phone.session.recallMany = () => Promise.reject(new Error('The database is away.'));
    await robin.send(device, { conversation: 'one' });
    expect(await phone.ended).toMatchObject({ message: 'The database is away.' });
    phone.start();
    await acknowledged();
    expect(phone.store.texts).toEqual(['one']);
    expect(phone.store.bodies('stanza')).toEqual([]);
  });
});

it('another socket than WhatsApp’s own is refused, unless the operator allows test endpoints', async () => {
  const before = server.seen.nodes.length;
  const other = new TestDevice(server);
  other.start((session) => {
    session.allowTestEndpoints = false;
  });
  expect(await other.ended).toMatchObject({ name: 'Failure', kind: 'config' });
  expect(server.seen.nodes.length).toBe(before);
});
