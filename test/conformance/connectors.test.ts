import { type ConnectorSubject, connectorRules } from 'archway/testkit';
import { describe, expect, test } from 'vitest';
import { builtIns } from './built-ins.js';

for (const { name, subject } of await builtIns<ConnectorSubject>('connectors')) {
  describe(`connector ${name}`, () => {
    test('lies in the folder of its id', () => {
      expect(subject.connector.id).toBe(name);
    });

    for (const rule of connectorRules) test(`${rule.id}: ${rule.title}`, () => rule.run(subject));
  });
}
