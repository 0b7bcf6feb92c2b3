import type { Sql, TransactionSql, UnsafeQueryOptions } from 'postgres';

/** The transaction's connection is gone, and with it the transaction. */
class TransactionLostError extends Error {
  readonly code = 'CONNECTION_CLOSED';
}

/** What the query builder uses of the driver. */
type Begin = (run: (tx: TransactionSql) => Promise<unknown>) => Promise<unknown>;

type Unsafe = (query: string, parameters?: unknown[], options?: UnsafeQueryOptions) => unknown;

/** A statement with more was made for a list of values, and another list makes another text. */
const preparedParametersMax = 32;

/**
 * The query builder's statements, prepared once for each connection. Left to itself, the driver asks the server for the
 * types of each statement anew before it sends the values: twice the messages, and each waits for an answer.
 */
function prepareStatements(unsafe: Unsafe): Unsafe {
  return (query, parameters = [], options = {}) =>
    unsafe(query, parameters, { ...options, prepare: parameters.length <= preparedParametersMax });
}

/**
 * The driver with its transactions made safe against the loss of their connection. As it comes, it goes on with a lost
 * transaction: statements that follow run on the reopened connection, outside of any transaction, or the ROLLBACK is
 * written to a connection that is not there, which ends the process. Here a lost transaction fails at once, its
 * later statements are refused, and the driver never hears from it again.
 */
export function guardTransactions(sql: Sql): Sql {
  const begin: Begin = async (run) => {
    const fate = { lost: false };
    const finished = (sql.begin as unknown as Begin)((tx) =>
      forgetWhenLost(run(guardStatements(tx, fate)), fate),
    );
    try {
      return await finished;
    } catch (error) {
      // Also after an ordinary rollback; then there are no later statements.
      fate.lost = true;
      throw error;
    }
  };
  const unsafe = prepareStatements(sql.unsafe as Unsafe);
  return new Proxy(sql, {
    get(target, name) {
      if (name === 'begin') return begin;
      return name === 'unsafe' ? unsafe : Reflect.get(target, name);
    },
  });
}

function guardStatements(tx: TransactionSql, fate: { readonly lost: boolean }): TransactionSql {
  const unsafe = prepareStatements(tx.unsafe as Unsafe);
  return new Proxy(tx, {
    get(target, name) {
      if (name !== 'unsafe') return Reflect.get(target, name);
      if (!fate.lost) return unsafe;
      return () => {
        throw new TransactionLostError(
          'The connection of this transaction was lost; nothing of it was kept.',
        );
      };
    },
  });
}

/** The driver answers an outcome with COMMIT or ROLLBACK, on whatever connection it has by then: it gets none. */
async function forgetWhenLost<Value>(
  outcome: Promise<Value>,
  fate: { readonly lost: boolean },
): Promise<Value> {
  try {
    return await outcome;
  } finally {
    if (fate.lost) await new Promise<never>(() => undefined);
  }
}
