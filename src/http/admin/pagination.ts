import { isId } from '../../core/ids.js';
import { ProblemError } from './problems.js';

/**
 * Cursors name the last item of a page. They are opaque to callers, who must not build them: each holds the name of its
 * list, so that the cursor of another list is refused instead of pointing anywhere.
 */

const lowestId = '00000000-0000-0000-0000-000000000000';

export function encodeCursor(list: string, after: string | number): string {
  return Buffer.from(`${list}:${after}`, 'utf8').toString('base64url');
}

/** The position after which a list ordered by number goes on; 0 without a cursor. */
export function numberAfter(list: string, cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const text = decode(list, cursor);
  const after = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(after)) throw brokenCursor();
  return after;
}

/** The same for a list that is read in either direction: undefined without a cursor. */
export function numberPast(list: string, cursor: string | undefined): number | undefined {
  return cursor === undefined ? undefined : numberAfter(list, cursor);
}

/** The id after which a list ordered by id goes on; the lowest one without a cursor. */
export function idAfter(list: string, cursor: string | undefined): string {
  if (cursor === undefined) return lowestId;
  const after = decode(list, cursor);
  if (!isId(after)) throw brokenCursor();
  return after;
}

/** The id before which a list goes on that is ordered by id, the newest first; null without a cursor. */
export function beforeId(list: string, cursor: string | undefined): string | null {
  return cursor === undefined ? null : idAfter(list, cursor);
}

/** The name after which a list ordered by name goes on; empty without a cursor. */
export function nameAfter(list: string, cursor: string | undefined): string {
  return cursor === undefined ? '' : decode(list, cursor);
}

function decode(list: string, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const prefix = `${list}:`;
  // Encoding again shows characters that the lenient decoder passed over.
  if (!text.startsWith(prefix) || encodeCursor(list, text.slice(prefix.length)) !== cursor)
    throw brokenCursor();
  return text.slice(prefix.length);
}

function brokenCursor(): ProblemError {
  return new ProblemError(
    400,
    'The cursor is not one of this list. Use `next` of the page before as it is, or leave it out to begin at the start.',
    ['cursor: is not a cursor of this list'],
  );
}

export interface Page<Item> {
  readonly data: Item[];
  readonly next: string | null;
}

/** Cuts a page off from what was read: one row more than asked for shows that there is another page. */
function cutPage<Row>(
  list: string,
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => string | number,
): { rows: Row[]; next: string | null } {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  const next = rows.length > limit && last !== undefined ? encodeCursor(list, positionOf(last)) : null;
  return { rows: kept, next };
}

/** How the rows of a list are ordered. */
export interface Order<Row, Position> {
  /** Name of the list, for its cursors. */
  readonly list: string;
  /** Reads a cursor: `numberAfter`, `idAfter` … */
  readonly after: (list: string, cursor: string | undefined) => Position;
  readonly positionOf: (row: Row) => string | number;
}

/** Reads one page. `read` is asked for the rows after a position, with one row more than fits, which is cut off again. */
export async function readPage<Row, Position>(
  { list, after, positionOf }: Order<Row, Position>,
  request: { limit: number; cursor?: string | undefined },
  read: (page: { after: Position; limit: number }) => Promise<readonly Row[]>,
): Promise<{ rows: Row[]; next: string | null }> {
  const rows = await read({ after: after(list, request.cursor), limit: request.limit + 1 });
  return cutPage(list, rows, request.limit, positionOf);
}

/** A page of a list that is short enough to be read whole: what an operator configured. */
export function pageOfAll<Item extends { readonly id: string }>(
  list: string,
  items: readonly Item[],
  request: { limit: number; cursor?: string | undefined },
): Page<Item> {
  const after = nameAfter(list, request.cursor);
  const rest = items.filter((item) => item.id > after).sort((left, right) => (left.id < right.id ? -1 : 1));
  const { rows, next } = cutPage(list, rest, request.limit, (item) => item.id);
  return { data: rows, next };
}
