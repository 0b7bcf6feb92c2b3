import { shorten } from './bounds.js';
import type { Field, Form } from './form.js';

/** Fields of a form that say more about an event, under Twilio's own names. */
export type Details = Record<string, string>;

/** Bounds of the event schema; `fieldCountMax` is ours, since a form may have any number of fields. */
const nameLengthMax = 100;
const valueLengthMax = 2_000;
const fieldCountMax = 500;

/** Where the numbers are registered, as carriers tell; not where the people were. */
export const locationNames = [
  'FromCity',
  'FromState',
  'FromZip',
  'FromCountry',
  'ToCity',
  'ToState',
  'ToZip',
  'ToCountry',
] as const;

/** The fields of these names that have a value. */
export function pick(form: Form, names: readonly string[]): Details {
  const picked: Details = {};
  for (const name of names) {
    const value = form.get(name);
    if (value !== undefined) picked[name] = shorten(value, valueLengthMax);
  }
  return picked;
}

/**
 * Everything that has no place of its own, so that a record says all that Twilio said. The second value of a repeated
 * field is under `Name[2]`, and so on. Long values are shortened; names that are too long and fields beyond the bound are
 * left out and counted under `(left out)`. The capture holds the whole form.
 */
export function pickOthers(form: Form, placed: ReadonlySet<string>): Details {
  const fields = [...unplaced(form, placed)].sort(byName);
  const kept = fields
    .filter(([name]) => name.length <= nameLengthMax && name !== '__proto__')
    .slice(0, fieldCountMax);
  const others: Details = {};
  for (const [name, value] of kept) others[name] = shorten(value, valueLengthMax);
  if (kept.length < fields.length) others['(left out)'] = `${fields.length - kept.length} fields`;
  return others;
}

/** A fixed order, so that the bound leaves out the same fields in whatever order Twilio sends them. */
function byName(left: Field, right: Field): number {
  if (left[0] === right[0]) return 0;
  return left[0] < right[0] ? -1 : 1;
}

function* unplaced(form: Form, placed: ReadonlySet<string>): Generator<Field> {
  for (const [name, values] of form.entries()) {
    let count = 0;
    for (const value of values) {
      count += 1;
      if (count > 1) yield [`${name}[${count}]`, value];
      else if (!placed.has(name)) yield [name, value];
    }
  }
}

/** The parts of an event that are present at all: an empty one is left out. */
export function presentDetails<Name extends string>(
  details: Record<Name, Details>,
): Partial<Record<Name, Details>> {
  const present: Partial<Record<Name, Details>> = {};
  for (const name of Object.keys(details) as Name[]) {
    if (Object.keys(details[name]).length > 0) present[name] = details[name];
  }
  return present;
}

/** The members of a listed thing that have a value, as text. */
export function presentMembers(members: Readonly<Record<string, string | null | undefined>>): Details {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) =>
      value ? [[name, shorten(value, valueLengthMax)]] : [],
    ),
  );
}
