import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { addAccount } from '../../src/domain/accounts.js';
import { AccountDirectory } from '../../src/pipeline/account-directory.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { token } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const add = (world: World) =>
  addAccount(test.database.orm, world.tenant, world.registry, {
    connector: 'scripted',
    name: 'another',
    settings: { token },
  });

describe('AccountDirectory', () => {
  it('finds an account that another node has just added', async () => {
    const world = await World.open(test.database);
    const directory = new AccountDirectory(test.database, world.tenants, world.registry);
    const added = await add(world);
    expect(directory.get(added.id)).toBeUndefined();
    const found = await directory.find(added.id);
    expect(found?.account).toMatchObject({ id: added.id, name: 'another', settings: { token } });
    expect(found?.tenant.id).toBe(world.tenant.id);
  });

  it('knows its accounts also while the database is away', async () => {
    const world = await World.open(test.database);
    Object.assign(world.tenants, { listOpenable: () => Promise.reject(new Error('away')) });
    await expect(world.directory.refresh()).rejects.toThrow('away');
    expect((await world.directory.find(world.account.id))?.account.id).toBe(world.account.id);
  });

  it('asks the database for strangers once a second at most', async () => {
    const world = await World.open(test.database);
    let asked = 0;
    const list = world.tenants.list.bind(world.tenants);
    Object.assign(world.tenants, {
      list: () => {
        asked += 1;
        return list();
      },
    });
    for (let index = 0; index < 50; index += 1) expect(await world.directory.find(newId())).toBeUndefined();
    expect(asked).toBeLessThan(5);
  });

  it('does not forget a new account when an older look at the database ends later', async () => {
    const world = await World.open(test.database);
    const list = world.tenants.list.bind(world.tenants);
    let proceed: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    // The older look has seen nothing yet of this instance.
    let looks = 0;
    Object.assign(world.tenants, {
      list: async () => {
        looks += 1;
        if (looks > 1) return list();
        await held;
        return [];
      },
    });
    const older = world.directory.refresh();
    const added = await add(world);
    await world.directory.refresh();
    proceed();
    await older;
    expect(world.directory.get(added.id)?.account.id).toBe(added.id);
  });
});
