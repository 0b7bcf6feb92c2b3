import { expect, test } from 'vitest';
import { RuleBroken } from './check.js';
import { runRules } from './run.js';
import type { Rule } from './subject.js';

const rule = (id: string, run: () => void): Rule<object> => ({ id, title: `${id}.`, run: async () => run() });

test('every rule is put to the subject, and a fault of the kit is told from a broken rule', async () => {
  const results = await runRules(
    [
      rule('connector/crashes', () => {
        throw new TypeError('sign is not a function');
      }),
      rule('connector/breaks', () => {
        throw new RuleBroken('It does not do that.');
      }),
      rule('connector/passes', () => undefined),
    ],
    {},
  );
  expect(results).toEqual([
    expect.objectContaining({
      outcome: 'crashed',
      message: expect.stringContaining('sign is not a function'),
    }),
    {
      id: 'connector/breaks',
      title: 'connector/breaks.',
      outcome: 'broken',
      message: 'It does not do that.',
    },
    { id: 'connector/passes', title: 'connector/passes.', outcome: 'passed', message: '' },
  ]);
});
