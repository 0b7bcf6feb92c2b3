import { type SinkSubject, sinkRules } from 'archway/testkit';
import { describe, expect, test } from 'vitest';
import { builtIns } from './built-ins.js';

for (const { name, subject } of await builtIns<SinkSubject>('src/sinks')) {
  describe(`sink ${name}`, () => {
    test('lies in the folder of its id', () => {
      expect(subject.sink.id).toBe(name);
    });

    for (const rule of sinkRules) test(`${rule.id}: ${rule.title}`, () => rule.run(subject));
  });
}
