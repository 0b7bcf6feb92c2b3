import { describe, expect, it } from 'vitest';
import { joinHeaders } from './read-headers.js';

describe('joinHeaders', () => {
  it('agrees with Headers of the web platform', () => {
    const raw = [
      'Host',
      'a.example',
      'X-Twice',
      'one',
      'x-twice',
      'two',
      'Cookie',
      'a=1',
      'cookie',
      'b=2',
      'Accept',
      '',
    ];
    const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] as string]] : []));
    expect(joinHeaders(raw)).toEqual(Object.fromEntries(new Headers(pairs as [string, string][])));
  });

  it('keeps a second value of a header that must stand once, so that nobody takes the first for the whole', () => {
    expect(joinHeaders(['content-type', 'text/plain', 'Content-Type', 'text/html'])).toEqual({
      'content-type': 'text/plain, text/html',
    });
  });

  it('takes any name for a name', () => {
    const headers = joinHeaders(['__proto__', 'x', 'constructor', 'y']);
    expect(Object.entries(headers)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});
