import { RuleBroken } from './check.js';
import { remedyFor, subjectRemedy } from './remedies.js';
import { connectorRules, sinkRules } from './rules/index.js';
import type { ConnectorSubject, Rule, SinkSubject } from './subject.js';

export interface RuleResult {
  readonly id: string;
  readonly title: string;
  /** `crashed`: the rule could not be judged, because the subject itself (its `sign`, its `prepare`) failed. */
  readonly outcome: 'passed' | 'broken' | 'crashed';
  /** What is wrong; empty for a rule that passed. */
  readonly message: string;
  /** What to do about it; empty for a rule that passed. */
  readonly remedy: string;
}

/** How a plugin fared. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly RuleResult[];
}

/** Puts all rules for connectors to one. Never rejects. */
export async function testConnector(subject: ConnectorSubject): Promise<Report> {
  return reportOf(await runRules(connectorRules, subject));
}

/** Puts all rules for sinks to one. Never rejects. */
export async function testSink(subject: SinkSubject): Promise<Report> {
  return reportOf(await runRules(sinkRules, subject));
}

function reportOf(results: readonly RuleResult[]): Report {
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  return { passed, failed: results.length - passed, results };
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
    return { id, title, outcome: 'passed', message: '', remedy: '' };
  } catch (error) {
    if (error instanceof RuleBroken)
      return { id, title, outcome: 'broken', message: error.message, remedy: remedyFor(rule) };
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { id, title, outcome: 'crashed', message, remedy: subjectRemedy };
  }
}
