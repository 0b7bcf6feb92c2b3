/**
 * Cuts a text to at most `lengthMax` UTF-16 units, of which the last is then `…`. Never leaves half a character. The
 * capture holds the whole text.
 */
export function shorten(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
