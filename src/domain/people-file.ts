import { CsvError, parse } from 'csv-parse/sync';
import { canonicalAddress } from './addresses.js';
import type { PersonRole } from './people.js';

/** One row of a people file: an address that is somebody's for a period. */
export interface PeopleRow {
  /** Of the file, counted from 1 with the header. */
  readonly line: number;
  readonly role: PersonRole;
  readonly name: string;
  readonly address: string;
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
}

/** What is wrong with a line, and what to do. Holds nothing of what the line says. */
export interface RowProblem {
  readonly line: number;
  readonly problem: string;
}

export interface PeopleFile {
  readonly rows: readonly PeopleRow[];
  readonly problems: readonly RowProblem[];
}

const required = ['name', 'address'];
const columns = [...required, 'scheme', 'role', 'valid_from', 'valid_until'];
const schemes = ['tel', 'email', 'telegram', 'whatsapp', 'sip', 'other'];

const nameLengthMax = 200;
const addressLengthMax = 320;

/** Reads a people file (RFC 4180, with a header); a row with anything wrong in it is a problem and no row. */
export function readPeopleFile(text: string): PeopleFile {
  if (text.includes('\0')) {
    return failed(lineOf(text, text.indexOf('\0')), 'has a NUL character. Save the file as CSV in UTF-8.');
  }
  let lines: { record: string[]; info: { lines: number } }[];
  try {
    const options = { bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, info: true };
    // The types do not know what `info` does to the result.
    lines = parse(text, options) as unknown as typeof lines;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines ?? 1);
    return failed(
      line,
      'is not CSV by RFC 4180. Look for a quotation mark that is not closed or not doubled.',
    );
  }
  const [header, ...body] = lines;
  if (header === undefined) return failed(1, `The file is empty. Its header must be ${columns.join(',')}.`);
  const names = header.record.map((name) => name.toLowerCase());
  const problem = headerProblem(names);
  if (problem !== undefined) return failed(1, problem);
  const rows: PeopleRow[] = [];
  const problems: RowProblem[] = [];
  for (const { record, info } of body) {
    const read = readRow(names, record, info.lines);
    if ('problem' in read) problems.push(read);
    else rows.push(read);
  }
  return { rows, problems };
}

function failed(line: number, problem: string): PeopleFile {
  return { rows: [], problems: [{ line, problem }] };
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function headerProblem(names: readonly string[]): string | undefined {
  const wanted = `The header may have ${columns.join(',')}, and must have ${required.join(' and ')}.`;
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length > 0) return `The column ${missing.join(', ')} is missing. ${wanted}`;
  if (names.some((name) => !columns.includes(name))) return `A column has an unknown name. ${wanted}`;
  if (new Set(names).size < names.length) return `A column is there twice. ${wanted}`;
  return undefined;
}

function readRow(names: readonly string[], record: readonly string[], line: number): PeopleRow | RowProblem {
  if (record.length !== names.length) {
    const problem = `has ${record.length} fields where the header has ${names.length}. Put fields with commas in quotation marks.`;
    return { line, problem };
  }
  const field = (name: string) => record[names.indexOf(name)] ?? '';
  const role = field('role') === '' ? 'custodian' : field('role');
  const validFrom = readDate(field('valid_from'));
  const validUntil = readDate(field('valid_until'));
  const problem =
    textProblem('name', field('name'), nameLengthMax) ??
    textProblem('address', field('address'), addressLengthMax) ??
    addressProblem(field('scheme').toLowerCase(), field('address')) ??
    (role === 'custodian' || role === 'contact' ? undefined : 'role must be custodian or contact.') ??
    (validFrom === undefined ? dateProblem('valid_from') : undefined) ??
    (validUntil === undefined ? dateProblem('valid_until') : undefined) ??
    (validFrom && validUntil && validFrom >= validUntil
      ? 'valid_until must be later than valid_from.'
      : undefined);
  if (problem !== undefined) return { line, problem };
  return {
    line,
    role: role as PersonRole,
    name: field('name'),
    address: canonicalAddress(field('address')),
    validFrom: validFrom ?? null,
    validUntil: validUntil ?? null,
  };
}

function textProblem(column: string, value: string, lengthMax: number): string | undefined {
  if (value === '') return `${column} is empty.`;
  if (value.length > lengthMax) return `${column} is longer than ${lengthMax} characters.`;
  if (/\p{Cc}/u.test(value)) return `${column} has a line break or another control character.`;
  const formula = column === 'address' ? /^[=@-]/ : /^[=@+-]/;
  if (formula.test(value)) return `${column} looks like a formula of a spreadsheet. Save the values instead.`;
  return undefined;
}

function addressProblem(scheme: string, address: string): string | undefined {
  if (scheme !== '' && !schemes.includes(scheme))
    return `scheme must be one of ${schemes.join(', ')}, or empty.`;
  const value = canonicalAddress(address);
  if (scheme === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value)) return 'address is no e-mail address.';
  // What begins like a number must be a whole one; spreadsheets make 1.2E+10 of numbers.
  const isNumber = scheme === 'tel' || (scheme === '' && address.startsWith('+'));
  if (isNumber && !/^\+\d{5,15}$/.test(value) && !(scheme === 'tel' && /^\w{3,11}$/.test(value)))
    return 'address is no number in the form +12025550123.';
  if (/^\d(\.\d+)?E\+?\d+$/i.test(value))
    return 'address was rounded by a spreadsheet. Format the column as text, with a + in front.';
  if (scheme === '' && isNumberWithoutPlus(value))
    return 'address is a number without + and country code, as in +12025550123. If it is an id of another kind, give its scheme.';
  return undefined;
}

/** Spreadsheets take the plus away, and such an address would never be met. Short codes have up to six digits. */
function isNumberWithoutPlus(address: string): boolean {
  return /^[\d\s().-]+$/.test(address) && address.replaceAll(/\D/g, '').length > 6;
}

const datePattern = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

function dateProblem(column: string): string {
  return `${column} must be a date such as 2026-11-23 (its beginning in UTC) or a time such as 2026-11-23T09:30:00Z.`;
}

/** Null where nothing stands, undefined where no date does. A date is its beginning in UTC. */
function readDate(text: string): Date | null | undefined {
  if (text === '') return null;
  const day = datePattern.exec(text)?.[1];
  if (day === undefined) return undefined;
  const midnight = new Date(`${day}T00:00:00Z`);
  // The 31st of February is read as a day of March.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1 ? undefined : time;
}
