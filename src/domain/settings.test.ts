import { describe, expect, it } from 'vitest';
import { phoneNumber, secret, z } from '../sdk/index.js';
import { maskSecrets, parseSettings, SettingsError } from './settings.js';

const schema = z.strictObject({
  token: secret(),
  oldToken: secret().optional(),
  number: phoneNumber(),
  apiBaseUrl: z.url().optional(),
});

function problemsOf(given: unknown): readonly string[] {
  try {
    parseSettings('test', schema, given);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('that are right are taken', () => {
    const given = { token: 'hunter2', number: '+12025550123' };
    expect(parseSettings('test', schema, given)).toEqual(given);
  });

  it.each<[string, unknown, RegExp]>([
    ['missing', { token: 'hunter2' }, /^number is missing$/],
    ['wrong', { token: 'hunter2', number: 'hunter2' }, /^number: must be a number in E\.164/],
    [
      'unknown',
      { token: 'hunter2', number: '+12025550123', tokn: 'hunter2' },
      /^tokn is not a setting \(known: token/,
    ],
    ['empty', { token: '', number: '+12025550123' }, /^token: /],
  ])('of which one is %s are refused by its name, and no value is repeated', (_, given, expected) => {
    const problems = problemsOf(given);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('of which one is missing because of another say why', () => {
    const sending = z
      .strictObject({ outbound: z.boolean(), number: phoneNumber().optional() })
      .refine(({ outbound, number }) => !outbound || number !== undefined, {
        path: ['number'],
        error: 'is needed to send',
      });
    expect(() => parseSettings('test', sending, { outbound: true })).toThrow('number: is needed to send');
  });

  it('that are wrong in several ways say all of them', () => {
    expect(problemsOf({ number: 'x', apiBaseUrl: 'y' })).toHaveLength(3);
  });

  it.each([undefined, null, 'text', []])('that are no object (%j) are refused', (given) => {
    expect(problemsOf(given)).not.toEqual([]);
  });

  it('are shown with every secret masked, optional ones too', () => {
    const masked = maskSecrets(schema, { token: 'hunter2', oldToken: 'hunter1', number: '+12025550123' });
    expect(masked).toEqual({ token: '••••', oldToken: '••••', number: '+12025550123' });
  });
});
