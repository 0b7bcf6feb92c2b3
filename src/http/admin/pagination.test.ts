import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCursor, idAfter, nameAfter, numberAfter, pageOfAll, readPage } from './pagination.js';
import { ProblemError } from './problems.js';

describe('cursors', () => {
  it('give back the position that they were made of', () => {
    fc.assert(
      fc.property(fc.nat(), fc.uuid(), (position, id) => {
        expect(numberAfter('messages', encodeCursor('messages', position))).toBe(position);
        expect(idAfter('dead-letters', encodeCursor('dead-letters', id))).toBe(id);
      }),
    );
  });

  it('begin at the start when there is none', () => {
    expect(numberAfter('messages', undefined)).toBe(0);
    expect(idAfter('dead-letters', undefined)).toBe('00000000-0000-0000-0000-000000000000');
    expect(nameAfter('connectors', undefined)).toBe('');
  });

  it.each([
    ['another list', encodeCursor('records', 7)],
    ['no number', encodeCursor('messages', 'seven')],
    ['a negative number', encodeCursor('messages', -1)],
    ['a number beyond reason', encodeCursor('messages', '9'.repeat(30))],
    ['plain text', 'messages:7'],
    ['a character that base64url has not', `${encodeCursor('messages', 7)}!`],
  ])('refuse %s, and say what to do', (_, cursor) => {
    expect(() => numberAfter('messages', cursor)).toThrow(ProblemError);
    expect(() => numberAfter('messages', cursor)).toThrow(/leave it out to begin at the start/);
  });

  it('never fail in another way, whatever is given', () => {
    fc.assert(
      fc.property(fc.string(), (cursor) => {
        try {
          idAfter('dead-letters', cursor);
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
        }
      }),
    );
  });
});

describe('pages', () => {
  const items = fc.uniqueArray(fc.uuid(), { maxLength: 40 }).map((ids) => ids.map((id) => ({ id })));

  it('hold every item once, however small they are', () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 7 }), (all, limit) => {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = pageOfAll('things', all, { limit, cursor });
          expect(page.data.length).toBeLessThanOrEqual(limit);
          seen.push(...page.data.map(({ id }) => id));
          cursor = page.next ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(all.map(({ id }) => id).sort());
      }),
    );
  });

  it('end with the last row, not with an empty page', async () => {
    const order = { list: 'messages', after: numberAfter, positionOf: (row: number) => row };
    const stored = [1, 2, 3];
    const read = async ({ after, limit }: { after: number; limit: number }) =>
      stored.filter((row) => row > after).slice(0, limit);
    const first = await readPage(order, { limit: 2 }, read);
    expect(first).toEqual({ rows: [1, 2], next: encodeCursor('messages', 2) });
    expect(await readPage(order, { limit: 2, cursor: first.next ?? '' }, read)).toEqual({
      rows: [3],
      next: null,
    });
    expect((await readPage(order, { limit: 3 }, read)).next).toBeNull();
  });
});
