import type { z } from 'zod';
import type { Context } from './shell.js';
import { type Column, Table } from './table.js';

interface List<Item extends z.ZodType> {
  readonly path: string;
  readonly item: Item;
  readonly columns: readonly Column<z.infer<Item>>[];
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** How many at most; default: all. */
  readonly limit?: number | undefined;
  /** Said, beside the output, of a list that is empty. */
  readonly none?: string;
}

/** Prints a list while it is read, page by page: a table for people, one item a line as JSON. Ends when nobody reads it any more. */
export async function printList<Item extends z.ZodType>(
  { output, client }: Context,
  { path, item, columns, query = {}, limit, none }: List<Item>,
): Promise<void> {
  const table = new Table(columns);
  let count = 0;
  for await (const page of (await client()).pages(path, item, { query, limit })) {
    count += page.length;
    if (output.closed) return;
    if (output.json) await output.values(page);
    else if (page.length > 0) await output.lines(...table.lines(page));
  }
  if (count === 0 && none !== undefined) await output.note(none);
}
