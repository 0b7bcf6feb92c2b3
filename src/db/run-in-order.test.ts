import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { runInOrder } from './run-in-order.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

describe('runInOrder', () => {
  it('runs each statement after the one before it', async () => {
    const numbers = await test.database.orm.transaction(async (tx) => {
      await runInOrder(tx, [
        sql`create temporary table steps (place serial, number int) on commit drop`,
        ...Array.from({ length: 50 }, (_, number) => sql`insert into steps (number) values (${number})`),
        sql`insert into steps (number) select -max(number) from steps`,
      ]);
      return tx.execute<{ number: number }>(sql`select number from steps order by place`);
    });
    expect(numbers.map(({ number }) => number)).toEqual([...Array.from({ length: 50 }, (_, n) => n), -49]);
  });

  it('throws the error of the statement that failed, and nothing of the transaction is kept', async () => {
    const failing = test.database.orm.transaction((tx) =>
      runInOrder(tx, [
        sql`create table kept_by_mistake (number int)`,
        sql`select 1 / 0`,
        sql`insert into kept_by_mistake values (1)`,
      ]),
    );
    await expect(failing).rejects.toMatchObject({ cause: { message: 'division by zero' } });
    const found = await test.database.sql`select to_regclass('kept_by_mistake') as name`;
    expect(found).toEqual([{ name: null }]);
  });
});
