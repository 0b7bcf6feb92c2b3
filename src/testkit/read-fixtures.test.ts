import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFixtures } from './read-fixtures.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archway-fixtures-'));
});
afterEach(() => rm(directory, { recursive: true }));

const read = () => readFixtures(pathToFileURL(`${directory}/`));
const put = (name: string, text: string) => writeFile(join(directory, name), text);

test('each file is a fixture of its name, as the webhook would capture it', async () => {
  const expected = { kind: 'ignored', reason: 'A ping.' };
  await put('ping.json', JSON.stringify({ endpoint: 'messages', headers: { a: 'b' }, body: 'ü', expected }));
  await put('notes.txt', 'not a fixture');
  const [fixture, ...others] = read();
  expect(others).toEqual([]);
  expect(fixture).toMatchObject({ name: 'ping', expected });
  expect(fixture?.capture).toMatchObject({
    endpoint: 'messages',
    method: 'POST',
    headers: { a: 'b' },
    provenance: 'webhook',
  });
  expect(fixture?.capture.url).toMatch(/^https:.*\/messages$/);
  expect(Buffer.from(fixture?.capture.body ?? []).toString()).toBe('ü');
});

test.each([
  ['no JSON', '{'],
  ['not whole', '{ "endpoint": "messages" }'],
  [
    'more than is known',
    '{ "endpoint": "a", "headers": {}, "body": "", "expected": { "kind": "ignored", "reason": "x" }, "x": 1 }',
  ],
])('a file that is %s is named', async (_, text) => {
  await put('wrong.json', text);
  expect(read).toThrow(/The fixture .*wrong\.json is not well formed: /);
});
