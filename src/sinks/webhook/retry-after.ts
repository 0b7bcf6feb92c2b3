/** What is asked for beyond a day is no wish but a mistake; the retry policy sets a bound of its own besides. */
const retryAfterMaxMs = 24 * 60 * 60 * 1000;

/** IMF-fixdate, and the two older forms that a recipient has to read (RFC 9110, 5.6.7). */
const dateForms = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Reads a `Retry-After` header, in milliseconds from `now`; undefined where there is none, or none that can be read. */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1_000 : dateOf(text) - now.getTime();
  return Number.isNaN(asked) ? undefined : Math.min(Math.max(asked, 0), retryAfterMaxMs);
}

/** Milliseconds since 1970, or NaN. */
function dateOf(text: string): number {
  if (!dateForms.some((form) => form.test(text))) return Number.NaN;
  // The third form names no zone, and means GMT.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
