import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { Tenants } from '../domain/tenants.js';
import { MasterKeyError, masterKeyId } from '../vault/index.js';
import { loadMasterKey } from './master-key.js';

let test: TestDatabase;
let directory: string;
let path: string;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archway-key-'));
  path = join(directory, 'master-key');
});
afterEach(() => rm(directory, { recursive: true }));

describe('the master key', () => {
  it('is made once while there is nothing, and never beside data that another has sealed', async () => {
    const source = { kind: 'file', path, createIfMissing: true } as const;
    const made = await loadMasterKey(source, test.database);
    expect(masterKeyId(await loadMasterKey(source, test.database))).toBe(masterKeyId(made));

    await new Tenants(test.database, made).create('default');
    await rm(path);
    await expect(loadMasterKey(source, test.database)).rejects.toThrow(MasterKeyError);
    expect(await readdir(directory)).toEqual([]);
  });

  it('that an operator names must be there', async () => {
    const source = { kind: 'file', path, createIfMissing: false } as const;
    await expect(loadMasterKey(source, test.database)).rejects.toThrow(path);
    await writeFile(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    await loadMasterKey(source, test.database);
  });

  it('that is wrong is refused by the name of its variable and not repeated', async () => {
    const loading = loadMasterKey({ kind: 'value', base64: 'hunter2' }, test.database);
    await expect(loading).rejects.toThrow(/ARCHWAY_MASTER_KEY.*openssl rand -base64 32/s);
    await expect(loading).rejects.toThrow(/^(?!.*hunter2)/s);
  });
});
