import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const send = async (csv: string, dryRun = false) =>
  (await api.call('POST', '/v1/people/import', { body: { csv, dryRun } })).body;
const names = async (path: string) =>
  (await api.call('GET', path)).body.data.map((each: { name: string }) => each.name);

const file = [
  'name,address,role,valid_from,valid_until',
  'Ada,+12025550101,custodian,,2026-06-01',
  'Ada,ada@example.com,custodian,,',
  'Bob,+12025550101,custodian,2026-06-01,',
  'Carol,+12025550102,contact,,',
].join('\n');

it('imports nothing in a dry run, all of it then, and nothing more when it comes again', async () => {
  const expected = { people: 3, identities: 4, unchanged: 0, problems: [] };
  expect(await send(file, true)).toEqual(expected);
  expect(await names('/v1/custodians')).toEqual([]);
  expect(await send(file)).toEqual(expected);
  expect(await names('/v1/custodians')).toEqual(['Ada', 'Bob']);
  expect(await names('/v1/contacts')).toEqual(['Carol']);
  expect(await send(file)).toEqual({ people: 0, identities: 0, unchanged: 4, problems: [] });
  expect(await send(`${file}\nAda,+12025550103,,,`)).toMatchObject({
    people: 0,
    identities: 1,
    unchanged: 4,
  });
});

it('imports nothing where an address has two people at a time, and says in which line', async () => {
  const rows = ['name,address', 'Dan,+12025550105', 'Eve,+1 202 555 0105', 'Fay,+12025550102'];
  expect(await send(rows.join('\n'))).toMatchObject({
    ...{ people: 0, identities: 0 },
    problems: [
      { line: 3, problem: expect.stringContaining('stands in line 2') },
      { line: 4, problem: expect.stringContaining('is assigned already') },
    ],
  });
  expect(await names('/v1/custodians')).toEqual(['Ada', 'Bob']);
});

it('takes a large file, and refuses one that is too large', async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => `Person ${index},p${index}@example.com`);
  const csv = ['name,address', ...rows].join('\n');
  expect(csv.length).toBeLessThan(1024 * 1024);
  const wide = `${csv}\n${' '.repeat(1024 * 1024)}\n`;
  expect(await send(wide)).toMatchObject({ people: 20_000, identities: 20_000, problems: [] });
  const { status } = await api.call('POST', '/v1/people/import', {
    body: { csv: 'x'.repeat(20 * 1024 * 1024) },
  });
  expect(status).toBe(413);
});
