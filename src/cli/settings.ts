import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from './cli-error.js';

/** What `--set` gives, before files are read. */
export interface Setting {
  readonly name: string;
  readonly value: string;
}

export const settingNotes = `A secret on the command line stays in the history of the shell and shows in the list of processes: write it to a
file that only you can read, and give --set name=@file (one newline at its end is ignored). A value that itself begins
with @ is written with two: name=@@value. Giving a setting more than once makes a list of its values.`;

export function addSetOption(command: Command): Command {
  return command.option(
    '--set <name=value>',
    'a setting; name=@file reads a file; may be repeated',
    collect,
    [],
  );
}

function collect(text: string, previous: readonly Setting[]): Setting[] {
  const split = text.indexOf('=');
  if (split < 1) throw new InvalidArgumentError('A setting is written name=value or name=@file.');
  return [...previous, { name: text.slice(0, split), value: text.slice(split + 1) }];
}

/**
 * The settings as the API takes them. The server knows what they mean and says what is wrong with them.
 *
 * @throws {CliError} when a file cannot be read.
 */
export async function readSettings(given: readonly Setting[]): Promise<Record<string, string | string[]>> {
  const settings = new Map<string, string | string[]>();
  for (const setting of given) {
    const value = await readValue(setting);
    const earlier = settings.get(setting.name);
    settings.set(setting.name, earlier === undefined ? value : [earlier, value].flat());
  }
  return Object.fromEntries(settings);
}

async function readValue({ name, value }: Setting): Promise<string> {
  if (value.startsWith('@@')) return value.slice(1);
  if (!value.startsWith('@')) return value;
  const file = value.slice(1);
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw usageError(
      `The file ${file} for the setting ${name} cannot be read (${reason}). Check its path and its mode.`,
    );
  }
}
