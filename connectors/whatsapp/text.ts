/**
 * Cuts a text to at most `lengthMax` UTF-16 units, of which the last is then `…`. Never leaves half a character. The
 * capture holds the whole text.
 */
export function shorten(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The same value with every text well-formed: senders choose the texts, and half a character fits no column. */
export function wellFormed<Value>(value: Value): Value {
  if (typeof value === 'string') return value.toWellFormed() as Value;
  if (Array.isArray(value)) return value.map(wellFormed) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [name.toWellFormed(), wellFormed(each)]);
  return Object.fromEntries(entries) as Value;
}
