import type { SQL } from 'drizzle-orm';
import type { Queries } from './client.js';

/**
 * Sends statements one after the other without waiting for each answer: the connection of a transaction runs them in this
 * order. Returns the rows of each. When one fails, the server refuses those behind it and the error of the first is thrown.
 *
 * MUST be called with a transaction: outside of one, each statement may travel on another connection.
 */
export async function runInOrder(
  tx: Queries,
  statements: readonly SQL[],
): Promise<readonly (readonly unknown[])[]> {
  return Promise.all(statements.map((statement) => tx.execute(statement)));
}
