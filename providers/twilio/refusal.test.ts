import { Failure } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import { failureOf } from './refusal.js';

const said = 'The message to +12025550123 with the text "Sell" was not taken.';
const refusal = (status: number, code?: number, retryAfterMs?: number) =>
  failureOf(Object.assign(new Error(said), { status, code }), { status, retryAfterMs }, 'message');

describe('what Twilio answers', () => {
  it.each([
    [429, 20429, 'throttled'],
    [429, undefined, 'throttled'],
    [400, 20429, 'throttled'],
    [401, 20003, 'auth'],
    [401, undefined, 'auth'],
    [403, 20005, 'auth'],
    [404, 20404, 'config'],
    [301, undefined, 'config'],
    [400, 21211, 'rejected'],
    [400, 21610, 'rejected'],
    [403, 21408, 'rejected'],
    [422, undefined, 'rejected'],
    [408, undefined, 'indeterminate'],
    [500, 20500, 'indeterminate'],
    [502, undefined, 'indeterminate'],
    [503, 20503, 'indeterminate'],
    [504, undefined, 'indeterminate'],
    [200, undefined, 'indeterminate'],
  ] as const)('%i with error %s is %s', (status, code, kind) => {
    const failure = refusal(status, code);
    expect(failure).toMatchObject({ kind, code: code === undefined ? undefined : String(code) });
    expect(failure.message, 'in our words').not.toMatch(/2025550123|Sell/);
    expect(failure.message).toContain(String(code ?? status));
  });

  it('says that the recipient has opted out', () => {
    expect(refusal(400, 21610).message).toContain('opted out');
  });

  it('keeps how long it asks to wait', () => {
    expect(refusal(429, 20429, 5_000).retryAfterMs).toBe(5_000);
    expect(refusal(503, 20503, 9_000).retryAfterMs).toBe(9_000);
  });

  it('is passed on where it is a failure already, and is one of the settings where nothing left', () => {
    const own = new Failure('unavailable', 'Not reached.');
    expect(failureOf(own, undefined, 'message')).toBe(own);
    expect(failureOf(new TypeError('no "to"'), undefined, 'message')).toMatchObject({ kind: 'config' });
  });
});
