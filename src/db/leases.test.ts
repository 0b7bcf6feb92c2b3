import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { newId } from '../core/ids.js';
import { acquireLease, type Lease, releaseLease } from './leases.js';

let test: TestDatabase;
let instanceId: string;
beforeAll(async () => {
  test = await openTestDatabase();
  instanceId = (await World.open(test.database)).tenant.id;
});
afterAll(() => test.close());

const [one, two] = [newId(), newId()];
const acquire = (name: string, holder: string, durationMs = 60_000) =>
  acquireLease(test.database.orm, { name, instanceId, holder, durationMs });
const expire = (name: string) =>
  test.database.sql`update leases set expires_at = now() - interval '1 second' where name = ${name}`;

describe('a lease', () => {
  it('belongs to one holder at a time', async () => {
    expect(await acquire('a', one)).toEqual({ name: 'a', holder: one, fence: 1 });
    expect(await acquire('a', two)).toBeNull();
    expect(await acquire('b', two)).not.toBeNull();
  });

  it('keeps its fence when its holder renews it, also after its end', async () => {
    await acquire('renewed', one);
    expect((await acquire('renewed', one))?.fence).toBe(1);
    await expire('renewed');
    expect((await acquire('renewed', one))?.fence).toBe(1);
  });

  it('passes on when it has ended, with a higher fence each time', async () => {
    await acquire('passed', one);
    await expire('passed');
    expect((await acquire('passed', two))?.fence).toBe(2);
    await expire('passed');
    expect((await acquire('passed', one))?.fence).toBe(3);
  });

  it('passes on at once when it is given up', async () => {
    const lease = (await acquire('given', one)) as Lease;
    await releaseLease(test.database.orm, lease);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await acquire('given', two))?.holder).toBe(two);
  });

  it('is not given up by one who has lost it', async () => {
    const lost = (await acquire('lost', one)) as Lease;
    await expire('lost');
    await acquire('lost', two);
    await releaseLease(test.database.orm, lost);
    expect(await acquire('lost', one)).toBeNull();
  });

  it('goes to one of twenty who ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => acquire('wanted', newId())));
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
  });
});
