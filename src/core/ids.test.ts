import { describe, expect, it } from 'vitest';
import { isId, newId } from './ids.js';

describe('ids', () => {
  it('are UUIDs of version 7 that follow one another', () => {
    const ids = Array.from({ length: 1_000 }, newId);
    expect(ids.every((id) => isId(id) && id[14] === '7')).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    '',
    'messages',
    '0190A0B0-0000-7000-8000-000000000000',
    "0190a0b0-0000-7000-8000-00000000000'",
    `${newId()}\n`,
  ])('are not %j', (text) => {
    expect(isId(text)).toBe(false);
  });
});
