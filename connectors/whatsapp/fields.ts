import { z } from 'archway/sdk';

/**
 * How values stand in a capture: the library's objects as JSON, with bytes in base64, 64-bit numbers as decimal strings
 * or numbers, enums by name or number. Everything is unknown until it has been asked for by one of these.
 */
export type Fields = Readonly<Record<string, unknown>>;

const fieldsSchema = z.record(z.string(), z.unknown());

export function fieldsOf(value: unknown): Fields {
  const read = fieldsSchema.safeParse(value);
  return read.success && !Array.isArray(value) ? read.data : {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of a field; empty where there is none. */
export function inner(fields: Fields, ...path: readonly string[]): Fields {
  return path.reduce<Fields>((current, name) => fieldsOf(current[name]), fields);
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** A text that says something. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((each) => textOf(each) ?? []) : [];
}

/** A whole number from zero on that a calendar or a file size can have. */
export function countOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes that stand in base64. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && value !== '' && base64.test(value)
    ? Buffer.from(value, 'base64')
    : undefined;
}

/** The name of an enum's value, whichever way it stands there; undefined where there is none. */
export function enumName(value: unknown, names: Readonly<Record<number, string>>): string | undefined {
  if (typeof value === 'number') return names[value] ?? String(value);
  return textOf(value);
}

const latestSeconds = 253_402_300_799;

/** WhatsApp's times are in seconds. Empty for one that no calendar has. */
export function timeOf(seconds: unknown): { occurredAt?: { at: string; granularity: 'second' } } {
  const at = instantOf(seconds);
  return at === undefined ? {} : { occurredAt: { at, granularity: 'second' } };
}

export function instantOf(seconds: unknown): string | undefined {
  const count = countOf(seconds);
  if (count === undefined || count === 0 || count > latestSeconds) return undefined;
  return new Date(count * 1_000).toISOString();
}
