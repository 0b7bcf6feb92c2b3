// Writes a page for each built-in connector and sink from its schema and its declarations, from the compiled code. Run by
// `npm run generate`, after a build; a test fails when the committed pages are others.
// Usage: node scripts/generate-plugin-pages.mjs [FOLDER]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const { loadBuiltIns } = await import(new URL('dist/src/plugins/built-ins.js', root));
const { fieldsOf } = await import(new URL('dist/src/domain/settings-form.js', root));
const folder = process.argv[2] ?? fileURLToPath(new URL('docs/plugins/', root));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { connectors, sinks } = await loadBuiltIns();
for (const connector of connectors) write(`connector-${connector.id}`, connectorPage(connector));
for (const sink of sinks) write(`sink-${sink.id}`, sinkPage(sink));

function write(name, lines) {
  writeFileSync(join(folder, `${name}.md`), `${lines.join('\n')}\n`);
}

function connectorPage({ id, title, settings, capabilities, webhooks }) {
  const { events, gaps, listedDays, blindSpots, outbound } = capabilities;
  const listed = listedDays === undefined ? '' : `, for ${listedDays} days back`;
  return [
    ...head(title, `connectors/${id}`, `archway account add ${id} --name NAME`, settings),
    '## What it captures',
    '',
    events.map((kind) => `\`${kind}\``).join(', '),
    '',
    `Missed traffic is **${gaps}**${listed}.`,
    '',
    ...(outbound === undefined
      ? ['It sends nothing.']
      : [`It sends texts of up to ${outbound.textLengthMax} characters${files(outbound)}.`]),
    '',
    ...section(
      '## Webhooks',
      Object.entries(webhooks).map(([name, { purpose }]) => `- \`${name}\`: ${purpose}`),
    ),
    ...section(
      '## What it can never see',
      blindSpots.map((spot) => `- ${spot}`),
    ),
  ].slice(0, -1);
}

function files({ mediaMax }) {
  return mediaMax === 0 ? '' : `, with up to ${mediaMax} files`;
}

function sinkPage({ id, title, settings, guarantees }) {
  return [
    ...head(title, `src/sinks/${id}`, `archway sink add ${id} --name NAME`, settings),
    '## What it guarantees',
    '',
    ...Object.entries(guarantees).map(([name, holds]) => `- ${name}: ${holds ? 'yes' : 'no'}`),
  ];
}

function head(title, source, command, settings) {
  const required = fieldsOf(settings).filter(({ required }) => required);
  return [
    `# ${title}`,
    '',
    '<!-- Written by `npm run generate` from the schema; do not edit. -->',
    '',
    `How to set it up: [${source}](../../${source}/README.md).`,
    '',
    '```',
    [command, ...required.map(({ name, secret }) => `--set ${name}=${secret ? `@${name}.txt` : '…'}`)].join(
      ' ',
    ),
    '```',
    '',
    '## Settings',
    '',
    '| setting | what it is | must be given | default |',
    '|---|---|---|---|',
    ...fieldsOf(settings).map(row),
    '',
  ];
}

function row({ name, description, required, secret, kind, choices, default: preset }) {
  const notes = [
    description ?? '',
    kind === 'list' ? 'Several with commas between.' : '',
    secret ? 'A secret: sealed, and never shown.' : '',
    choices.length > 0 && choices.length <= 8
      ? `One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`
      : '',
  ];
  const text = notes
    .filter((note) => note !== '')
    .join(' ')
    .replaceAll('|', '\\|');
  return `| \`${name}\` | ${text} | ${required ? 'yes' : ''} | ${preset === null ? '' : `\`${preset}\``} |`;
}

function section(heading, lines) {
  return lines.length === 0 ? [] : [heading, '', ...lines, ''];
}
