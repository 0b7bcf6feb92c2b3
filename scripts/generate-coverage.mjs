// Writes docs/coverage.md: which kinds of events each built-in connector declares, and how many fixtures of wire bytes give them.
// From the compiled declarations and the fixtures themselves. Run by `npm run generate`, after a build; a test fails when the
// committed page is another, and when a declared kind has no fixture.
// Usage: node scripts/generate-coverage.mjs [FILE]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const { loadBuiltIns } = await import(new URL('dist/src/plugins/built-ins.js', root));
const file = process.argv[2] ?? fileURLToPath(new URL('docs/coverage.md', root));

const { connectors } = await loadBuiltIns();
const columns = connectors.map(({ id, capabilities, webhooks }) => ({
  id,
  declared: capabilities.events,
  fixtures: countFixtures(id),
  test: Object.keys(webhooks).length > 0 ? 'test/e2e/every-kind.test.ts' : `test/${id}/kinds.test.ts`,
}));
const kinds = [...new Set(columns.flatMap(({ declared }) => declared))];

writeFileSync(
  file,
  `${[
    '# Which kinds of events are captured',
    '',
    '<!-- Written by `npm run generate` from declarations and fixtures; do not edit. -->',
    '',
    'A number says how many fixtures give this kind: bytes as the provider sends them, with what they must be read as. A dash: the provider',
    'does not tell of it, or the connector does not read it, and does not claim to.',
    '',
    row(['kind', ...columns.map(({ id }) => `[${id}](../connectors/${id}/README.md)`)]),
    row(['---', ...columns.map(() => '---')]),
    ...kinds.map((kind) => row([`\`${kind}\``, ...columns.map((column) => cell(column, kind))])),
    row(['from the wire into the archive', ...columns.map(({ test }) => `[test](../${test})`)]),
    '',
    'Captured and read: each fixture is a test (rules `declared-kinds-tested` and `parse-equals-golden` of the test kit). Recorded and in the',
    'archive: the tests of the last row send every declared kind to a running gateway, and read it in the archive’s files.',
  ].join('\n')}\n`,
);

/** By kind, how many fixtures of a connector give it. */
function countFixtures(id) {
  const folder = new URL(`connectors/${id}/fixtures/`, root);
  const counts = new Map();
  for (const name of readdirSync(folder)) {
    const { expected } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
    const given = new Set((expected.events ?? []).map(({ kind }) => kind));
    for (const kind of given) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function cell({ id, declared, fixtures }, kind) {
  if (!declared.includes(kind)) return '–';
  const count = fixtures.get(kind);
  if (count === undefined) throw new Error(`${id} declares ${kind}, and no fixture gives it.`);
  return String(count);
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}
