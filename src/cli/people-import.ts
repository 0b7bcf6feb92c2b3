import { readFile, stat } from 'node:fs/promises';
import { CliError, usageError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';
import { peopleImportShape } from './shapes.js';
import type { Context } from './shell.js';

const fileMaxBytes = 8 * 1024 * 1024;
const problemsMax = 100;

/** `archway custodian import`: ends with 1 and changes nothing where a row is wrong. */
export async function importPeople(
  context: Context,
  file: string,
  { dryRun = false }: { dryRun?: boolean },
): Promise<number> {
  const csv = await readText(file);
  const { output } = context;
  const client = await context.client();
  const imported = await client.post('/v1/people/import', peopleImportShape, { csv, dryRun });
  const { people, identities, unchanged, problems } = imported;
  const good = problems.length === 0;
  if (output.json) await output.value(imported);
  else if (good) {
    const verb = dryRun ? 'Would add' : 'Added';
    await output.lines(
      `${verb} ${people} people and ${identities} addresses; ${unchanged} rows say what is known already.`,
    );
  } else {
    await output.lines(
      ...problems.slice(0, problemsMax).map(({ line, problem }) => `Line ${line}: ${problem}`),
      ...(problems.length > problemsMax
        ? [`… and ${problems.length - problemsMax} more; --json has all.`]
        : []),
      'Nothing was imported. Correct these lines and import the whole file again.',
    );
  }
  return good ? exitCodes.fine : exitCodes.failed;
}

async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw usageError(`${file} is not UTF-8. Save it as "CSV UTF-8" and try again.`);
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > fileMaxBytes) {
      throw usageError(`${file} has more than ${fileMaxBytes} bytes. Split it; each part needs the header.`);
    }
    bytes = await readFile(file);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw usageError(`${file} cannot be read (${code}). Give the path of a CSV file.`);
  }
  if (bytes.length === 0)
    throw usageError(`${file} is empty. Its first line must name the columns: name,address.`);
  return bytes;
}
