import { describe, expect, test } from 'vitest';
import type { Canary } from './canaries/canary.js';
import { connectorCanaries } from './canaries/connectors.js';
import { sinkCanaries } from './canaries/sinks.js';
import { callingReference } from './reference/calling.js';
import { referenceConnectorSubject } from './reference/connector.js';
import { sendingReference } from './reference/sending.js';
import { referenceSinkSubject } from './reference/sink.js';
import { connectorRules, sinkRules } from './rules/index.js';
import { runRule } from './run.js';
import type { Rule } from './subject.js';

describe.each([
  { what: 'sends', reference: sendingReference },
  { what: 'makes calls', reference: callingReference },
])('the reference that also $what', ({ reference }) => {
  for (const rule of connectorRules) {
    test(`keeps ${rule.id}`, async () => {
      expect(await runRule(rule, reference)).toMatchObject({ outcome: 'passed', message: '' });
    });
  }
});

prove('connector', connectorRules, referenceConnectorSubject, connectorCanaries);
prove('sink', sinkRules, referenceSinkSubject(), sinkCanaries);

/** A rule is worth something when a good plugin keeps it and a bad one is found out. */
function prove<Subject>(
  family: string,
  rules: readonly Rule<Subject>[],
  reference: Subject,
  canaries: readonly Canary<Subject>[],
): void {
  describe(`${family} rules`, () => {
    test('have ids of their own, of the form that reports rely on', () => {
      const ids = rules.map((rule) => rule.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(new RegExp(`^${family}/[a-z]+(-[a-z]+)*$`));
      for (const rule of rules) expect(rule.title).toMatch(/\.$/);
    });

    test('each have a canary, and each canary has a rule', () => {
      const tried = new Set(canaries.map((canary) => canary.rule));
      expect([...tried].sort()).toEqual(rules.map((rule) => rule.id).sort());
    });

    for (const rule of rules) {
      test(`${rule.id} is kept by the reference`, async () => {
        expect(await runRule(rule, reference)).toMatchObject({ outcome: 'passed', message: '' });
      });

      for (const { fault, subject } of canaries.filter((canary) => canary.rule === rule.id)) {
        test(`${rule.id} finds the ${family} that ${fault}`, async () => {
          const result = await runRule(rule, subject);
          expect(result).toMatchObject({ outcome: 'broken' });
          expect(result.message).not.toBe('');
        });
      }
    }
  });
}
