import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { importOutside, type LoadedPlugin, loadPlugin } from '../plugins/load.js';
import { PluginError } from '../plugins/plugin-error.js';
import { z } from '../sdk/index.js';
import {
  type ConnectorSubject,
  type Report,
  type RuleResult,
  type SinkSubject,
  testConnector,
  testSink,
} from '../testkit/index.js';
import { CliError, usageError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';
import type { Output } from './output.js';
import type { Context } from './shell.js';

export type Family = 'connector' | 'sink';

/** `archway connector test`, `archway sink test`: loads a plugin as the gateway would and puts every rule of the kit to it. */
export async function testPlugin({ output }: Context, family: Family, reference: string): Promise<number> {
  const loaded = await load(reference);
  if (loaded.family !== family) {
    throw usageError(
      `${reference} is a ${loaded.family}; test it with: archway ${loaded.family} test ${reference}`,
    );
  }
  const report = await judge(loaded, await importSubject(loaded));
  if (output.json) {
    await output.value({ plugin: loaded.plugin.id, family, origin: loaded.origin, ...report });
  } else await print(output, report);
  return report.failed > 0 ? exitCodes.trouble : exitCodes.fine;
}

/** @throws {CliError} that names the plugin as the command line does: not every problem says of what it is one. */
async function load(reference: string): Promise<LoadedPlugin> {
  try {
    return await loadPlugin(reference);
  } catch (cause) {
    if (!(cause instanceof PluginError)) throw cause;
    const detail = `${reference} cannot be used: ${cause.message}`;
    throw new CliError(exitCodes.failed, 'Not a plugin', detail, {}, { cause });
  }
}

/** What `testing.js` exports is looked at only as far as a mistake would otherwise end in a riddle. */
const subjectSchemas = {
  connector: z.looseObject({
    connector: z.unknown(),
    settings: z.looseObject({}),
    fixtures: z.array(z.unknown()),
    sign: z.custom((value) => typeof value === 'function', 'is not a function'),
  }),
  sink: z.looseObject({
    sink: z.unknown(),
    prepare: z.custom((value) => typeof value === 'function', 'is not a function'),
  }),
};

async function importSubject({ family, plugin, entry }: LoadedPlugin): Promise<Record<string, unknown>> {
  const file = join(dirname(entry), 'testing.js');
  const refuse = (detail: string) => new CliError(exitCodes.failed, 'Nothing to test', detail);
  if (!existsSync(file)) {
    const example = `archway ${family} new example`;
    throw refuse(`There is no ${file}, so no rule can be put to the ${family}; "${example}" shows one.`);
  }
  const { subject } = await importOutside(file);
  const checked = subjectSchemas[family].safeParse(subject);
  if (!checked.success) {
    const faults = checked.error.issues.map(
      ({ path, message }) => `${['subject', ...path].join('.')}: ${message}`,
    );
    throw refuse(`${file} exports no proper subject (${faults.join('; ')}). See docs/spec/${family}.md.`);
  }
  if (checked.data[family] !== plugin) {
    throw refuse(
      `The subject in ${file} is of another ${family} than ${entry} exports; import it from there.`,
    );
  }
  return checked.data;
}

function judge({ family }: LoadedPlugin, subject: unknown): Promise<Report> {
  return family === 'connector'
    ? testConnector(subject as ConnectorSubject)
    : testSink(subject as SinkSubject);
}

async function print(output: Output, { results, passed, failed }: Report): Promise<void> {
  for (const result of results) await output.lines(...linesOf(result));
  await output.lines('', `${passed} passed, ${failed} failed`);
}

function linesOf({ id, title, outcome, message, remedy }: RuleResult): string[] {
  if (outcome === 'passed') return [`✓ ${id}: ${title}`];
  return [`✗ ${id}: ${title}`, ...message.split('\n').map((line) => `    ${line}`), `    → ${remedy}`];
}
