import { existsSync, readFileSync } from 'node:fs';

/** Telegram's own description of its methods, where it lies beside this checkout; a user's clone does not have it. */
const file = new URL('../../../shared/material/telegram/bot-api.json', import.meta.url);

export const judgeIsThere = existsSync(file);
if (!judgeIsThere) {
  process.stdout.write(
    'Not judged by Telegram’s description, which does not lie beside this checkout: calls to it.\n',
  );
}

interface Field {
  readonly name: string;
  readonly types: readonly string[];
  readonly required?: boolean;
}
interface Described {
  readonly fields?: readonly Field[];
  readonly subtypes?: readonly string[];
}
interface Description {
  readonly methods: Readonly<Record<string, Described>>;
  readonly types: Readonly<Record<string, Described>>;
}

const description: Description = judgeIsThere
  ? (JSON.parse(readFileSync(file, 'utf8')) as Description)
  : { methods: {}, types: {} };

/** Stands for a file in what is judged: its bytes came as a part of their own. */
export class FilePart {
  constructor(
    readonly name: string,
    readonly bytes: Buffer,
  ) {}
}

/** What is wrong with a call, by Telegram's description: unknown methods and fields, missing ones, other types. */
export function objections(method: string, payload: Readonly<Record<string, unknown>>): string[] {
  if (!judgeIsThere) return [];
  const described = description.methods[method];
  if (described === undefined) return [`there is no method ${method}`];
  return objectionsToFields(method, described.fields ?? [], payload);
}

function objectionsToFields(
  place: string,
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
): string[] {
  const known = new Set(fields.map(({ name }) => name));
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  return [
    ...unknown.map((name) => `${place} has no field ${name}`),
    ...fields.flatMap(({ name, types, required }) => {
      if (given[name] === undefined) return required === true ? [`${place} lacks ${name}`] : [];
      const tried = types.map((type) => objectionsToValue(`${place}.${name}`, type, given[name]));
      return tried.find((found) => found.length === 0) ?? tried[0] ?? [];
    }),
  ];
}

function objectionsToValue(place: string, type: string, value: unknown): string[] {
  const list = /^Array of (.+)$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return [`${place} is no list`];
    return value.flatMap((item, index) => objectionsToValue(`${place}[${index}]`, list, item));
  }
  const fits = simple[type];
  if (fits !== undefined) return fits(value) ? [] : [`${place} is no ${type}`];
  if (typeof value !== 'object' || value === null) return [`${place} is no ${type}`];
  const { fields, subtypes } = description.types[type] ?? {};
  if (subtypes === undefined)
    return objectionsToFields(place, fields ?? [], value as Record<string, unknown>);
  const tried = subtypes.map((subtype) => objectionsToValue(place, subtype, value));
  return tried.find((found) => found.length === 0) ?? tried[0] ?? [];
}

const simple: Readonly<Record<string, (value: unknown) => boolean>> = {
  Integer: (value) => Number.isSafeInteger(value),
  Float: (value) => typeof value === 'number',
  Boolean: (value) => typeof value === 'boolean',
  True: (value) => value === true,
  // A file within an album is named by a text, `attach://…`, in whose place it stands here.
  String: (value) => typeof value === 'string' || value instanceof FilePart,
  InputFile: (value) => value instanceof FilePart,
};
