import type { Readable, Writable } from 'node:stream';
import type { z } from 'zod';
import { CliError, usageError } from './cli-error.js';
import type { connectorShape } from './shapes.js';
import { printable } from './table.js';

type Described = z.infer<typeof connectorShape>;
type Field = Described['fields'][number];

/** What was answered. */
export interface FilledForm {
  readonly connector: string;
  readonly name: string;
  readonly settings: Record<string, string>;
}

/** The terminal on which a person answers. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * Asks for an account: which connector, a name, and each of its settings as its schema describes them. What is left blank
 * is not given. Secrets are not shown while they are typed. Settings that are refused are asked for again.
 *
 * @throws {CliError} when the person gives up, or what is refused is not a setting.
 */
export async function askForAccount<Added>(
  connectors: readonly Described[],
  given: { readonly connector?: string | undefined; readonly name?: string | undefined },
  terminal: Terminal,
  submit: (filled: FilledForm) => Promise<Added>,
): Promise<FilledForm & { readonly added: Added }> {
  // Loaded here: no other command has a use for it.
  const prompts = await import('@clack/prompts');
  const ask = async <Answer>(question: Promise<Answer>): Promise<Exclude<Answer, symbol>> => {
    const answer = await question;
    if (prompts.isCancel(answer)) throw usageError('Nothing was added.');
    return answer as Exclude<Answer, symbol>;
  };
  const options = connectors.map(({ id, title }) => ({ value: id, label: printable(title), hint: id }));
  const connector =
    given.connector ?? (await ask(prompts.select({ message: 'Which connector?', options, ...terminal })));
  const described = connectors.find(({ id }) => id === connector);
  if (described === undefined) {
    const known = connectors.map(({ id }) => id).join(', ');
    throw usageError(`There is no connector ${connector}. There are: ${known}.`);
  }
  const message = 'Name of the account, for people';
  const name =
    given.name ??
    (await ask(prompts.text({ message, placeholder: connector, defaultValue: connector, ...terminal })));
  const settings: Record<string, string> = {};
  const filled = { connector, name, settings };
  let wanted: readonly Field[] = described.fields;
  for (;;) {
    for (const field of wanted) {
      const value = await ask(question(prompts, field, terminal));
      if (value === '') delete settings[field.name];
      else settings[field.name] = value;
    }
    try {
      return { ...filled, added: await submit(filled) };
    } catch (error) {
      wanted = described.fields.filter(({ name: field }) => isAbout(error, field));
      if (wanted.length === 0) throw error;
      prompts.log.warn(printable((error as CliError).detail), { output: terminal.output });
    }
  }
}

/** Whether the gateway refused this setting: each of its problems begins with the name. */
function isAbout(error: unknown, setting: string): boolean {
  const problems = error instanceof CliError ? error.members.errors : undefined;
  return Array.isArray(problems) && problems.some((each) => new RegExp(`^${setting}\\b`).test(String(each)));
}

type Prompts = typeof import('@clack/prompts');

function question(prompts: Prompts, field: Field, terminal: Terminal): Promise<string | symbol> {
  const message = messageOf(field);
  const validate = (value: string | undefined) =>
    field.required && (value ?? '').trim() === '' ? 'This one is needed.' : undefined;
  if (field.secret) return prompts.password({ message, validate, ...terminal });
  const choices = field.kind === 'yes-no' ? ['true', 'false'] : field.choices;
  if (choices.length > 0) {
    const options = choices.map((value) => ({
      value,
      label: value === 'true' ? 'yes' : value === 'false' ? 'no' : value,
    }));
    const initial = field.default === null ? {} : { initialValue: field.default };
    const none = field.required || field.default !== null ? [] : [{ value: '', label: '(leave it out)' }];
    return prompts.select({ message, options: [...none, ...options], ...initial, ...terminal });
  }
  const hint = field.default ?? (field.required ? undefined : 'leave blank for none');
  return prompts.text({
    message,
    validate,
    defaultValue: '',
    ...(hint !== undefined && { placeholder: hint }),
    ...terminal,
  });
}

function messageOf({ name, description, kind }: Field): string {
  const several = kind === 'list' ? ' Several with commas between.' : '';
  return printable(`${name}${description === null ? '' : `: ${description}`}${several}`);
}
