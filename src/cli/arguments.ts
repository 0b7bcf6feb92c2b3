import { InvalidArgumentError } from 'commander';

/** Collects an option that may be repeated. */
export function repeated(text: string, previous: readonly string[]): string[] {
  return [...previous, text];
}

/** Collects an option that takes a list, and may be repeated. */
export function commaSeparated(text: string, previous: readonly string[] = []): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw new InvalidArgumentError('It must be a list such as a,b without gaps.');
  return [...previous, ...items];
}

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

/** A moment as an ISO time or date, in UTC where it names no zone; the server takes the full form. */
export function parseTime(text: string): string {
  const zoneless = /^\d{4}-\d{2}-\d{2}T[\d:.]+$/.test(text);
  const time = new Date(zoneless ? `${text}Z` : text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new InvalidArgumentError('It must be a date or a time such as 2026-11-23 or 2026-11-23T09:30:00Z.');
}

const minutesPerUnit = { m: 1, h: 60, d: 1_440 } as const;

/** A length of time as minutes, or `never`. */
export function parseInterval(text: string): number | 'never' {
  if (text === 'never') return text;
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const minutes = Number(count) * minutesPerUnit[unit as keyof typeof minutesPerUnit];
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError('It must be a time such as 90m, 24h or 3d, or never.');
}
