import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { createInstanceKey } from './instance-key.js';
import { MasterKey } from './master-key.js';
import { Xaes256Gcm } from './xaes.js';

// Every byte the same, so that a leak in any usual notation is easy to recognise.
const keyBytes = Buffer.alloc(32, 0xa7);
const notations = ['a7a7', 'a7 a7', '167,167', '167, 167', keyBytes.toString('base64').slice(0, 8)];

function logged(value: object): string {
  let lines = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  pino(stream).info({ value, nested: { list: [value] } }, 'started');
  pino(stream).error(Object.assign(new Error('failed'), { value }));
  const toStream = new Console(stream);
  toStream.log(value, [value], { value });
  toStream.dir(value, { depth: null, showHidden: true });
  return lines;
}

const masterKey = new MasterKey(keyBytes);

describe.each([
  ['MasterKey', masterKey],
  ['InstanceVault', createInstanceKey(masterKey, 'instance-1').vault],
  ['Xaes256Gcm', new Xaes256Gcm(keyBytes)],
])('%s', (_name, secret) => {
  test('shows as [sealed] wherever it is printed', () => {
    expect(JSON.stringify({ secret })).toBe('{"secret":"[sealed]"}');
    expect(inspect({ secret }, { showHidden: true })).toBe('{ secret: [sealed] }');
    expect(format('%s %o %O %j', secret, secret, secret, secret)).toBe(
      '[sealed] [sealed] [sealed] "[sealed]"',
    );
    expect(`${secret}`).toBe('[sealed]');
    expect(logged(secret)).toContain('"value":"[sealed]"');
  });

  test('keeps its keys where no printing reaches, hooks or no hooks', () => {
    const bare = { depth: null, showHidden: true, customInspect: false, getters: true } as const;
    const everything = [inspect(secret, bare), inspect(structuredClone(secret), bare), logged(secret)].join(
      '\n',
    );
    for (const notation of notations) expect(everything).not.toContain(notation);
    const ownNames = Reflect.ownKeys(secret).filter((name) => name !== 'instanceId');
    expect(ownNames).toEqual([]);
  });
});
