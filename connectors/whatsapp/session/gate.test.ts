import { expect, it } from 'vitest';
import { Commits } from './commits.js';
import { Gate } from './gate.js';

function gated() {
  const left: string[] = [];
  const socket = {
    send: (data: unknown, sent?: (error?: Error) => void) => {
      left.push(String(data));
      sent?.();
    },
  };
  const gate = new Gate(socket);
  return { left, gate, send: (data: string) => socket.send(data) };
}

const aWhile = () => new Promise((resolve) => setImmediate(resolve));

it('what leaves waits for what was to be committed before it, and keeps its order', async () => {
  const { left, gate, send } = gated();
  let commit: () => void = () => undefined;
  send('before');
  gate.hold(
    new Promise<void>((resolve) => {
      commit = resolve;
    }),
  );
  send('receipt one');
  send('receipt two');
  await aWhile();
  expect(left).toEqual(['before']);
  commit();
  await aWhile();
  expect(left).toEqual(['before', 'receipt one', 'receipt two']);
});

it('nothing leaves any more after a commit that failed', async () => {
  const { left, gate, send } = gated();
  gate.hold(Promise.reject(new Error('The database is away.')));
  send('receipt');
  await aWhile();
  gate.hold(Promise.resolve());
  send('another');
  await aWhile();
  expect(left).toEqual([]);
});

it('commits keep their order, share a transaction while one is under way, and all fail behind one that failed', async () => {
  const emitted: string[][] = [];
  let fails = false;
  const session = {
    emit: async (received: readonly { url: string }[]) => {
      await aWhile();
      if (fails) throw new Error('The database is away.');
      emitted.push(received.map(({ url }) => url));
    },
  };
  const errors: unknown[] = [];
  const commits = new Commits(
    session as never,
    async () => ({ received: [], changes: {} }),
    (error) => errors.push(error),
  );
  const add = (url: string) => commits.add([{ url } as never]);
  await Promise.all([add('1'), add('2'), add('3')]);
  expect(emitted).toEqual([['1'], ['2', '3']]);
  fails = true;
  await expect(add('4')).rejects.toThrow('away');
  fails = false;
  await expect(add('5')).rejects.toThrow('away');
  expect(errors).toHaveLength(1);
  expect(emitted.flat()).toEqual(['1', '2', '3']);
});
