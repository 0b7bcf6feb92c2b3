import { expect, test } from 'vitest';
import { RuleBroken } from './check.js';
import { referenceConnectorSubject } from './reference/connector.js';
import { referenceSinkSubject } from './reference/sink.js';
import { remedies } from './remedies.js';
import { connectorRules, sinkRules } from './rules/index.js';
import { runRules, testConnector, testSink } from './run.js';
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
      remedy: 'Do what the rule says: connector/breaks.',
    },
    { id: 'connector/passes', title: 'connector/passes.', outcome: 'passed', message: '', remedy: '' },
  ]);
});

test('every rule has a remedy in words of its own, and no remedy is left from a rule that went', () => {
  const rules = [...connectorRules, ...sinkRules].map(({ id }) => id);
  expect(Object.keys(remedies).sort()).toEqual(rules.sort());
});

test('a report counts what passed and what did not', async () => {
  const connectorReport = await testConnector(referenceConnectorSubject);
  expect(connectorReport).toMatchObject({ passed: connectorRules.length, failed: 0 });
  const nameless = { ...referenceConnectorSubject.connector, title: '' };
  const broken = await testConnector({ ...referenceConnectorSubject, connector: nameless });
  expect(broken).toMatchObject({ passed: connectorRules.length - 1, failed: 1 });
  expect(await testSink(referenceSinkSubject())).toMatchObject({ passed: sinkRules.length, failed: 0 });
});
