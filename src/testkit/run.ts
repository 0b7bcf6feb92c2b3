import { RuleBroken } from './check.js';
import type { Rule } from './subject.js';

export interface RuleResult {
  readonly id: string;
  readonly title: string;
  /** `crashed`: the rule could not be judged, because the subject itself (its `sign`, its `prepare`) failed. */
  readonly outcome: 'passed' | 'broken' | 'crashed';
  /** What is wrong; empty for a rule that passed. */
  readonly message: string;
}

/** Puts every rule to a subject, one after the other, and tells how each went. Never rejects. */
export async function runRules<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
): Promise<RuleResult[]> {
  const results: RuleResult[] = [];
  for (const rule of rules) results.push(await runRule(rule, subject));
  return results;
}

/** Puts one rule to a subject. Never rejects. */
export async function runRule<Subject>(rule: Rule<Subject>, subject: Subject): Promise<RuleResult> {
  const { id, title } = rule;
  try {
    await rule.run(subject);
    return { id, title, outcome: 'passed', message: '' };
  } catch (error) {
    if (error instanceof RuleBroken) return { id, title, outcome: 'broken', message: error.message };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { id, title, outcome: 'crashed', message };
  }
}
