/** Types that a browser shows or plays and never runs; everything else is bytes without a meaning. */
export const safeContentTypes = [
  ...['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/bmp', 'image/heic'],
  ...['image/heif', 'image/tiff', 'audio/basic', 'audio/x-wav', 'audio/webm', 'video/3gpp2'],
  ...['audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/amr', 'audio/aac', 'audio/wav', 'audio/3gpp'],
  ...['video/mp4', 'video/mpeg', 'video/quicktime', 'video/webm', 'video/3gpp'],
  ...['application/pdf', 'text/plain', 'text/vcard', 'text/x-vcard', 'text/csv', 'text/calendar'],
] as const;

export const unknownContentType = 'application/octet-stream';

const safe: ReadonlySet<string> = new Set(safeContentTypes);
const nameLengthMax = 100;

/** The type without its parameters where it is safe to name, else that of any bytes. */
export function safeContentType(claimed: string | undefined): string {
  const type = claimed?.split(';')[0]?.trim().toLowerCase() ?? '';
  return safe.has(type) ? type : unknownContentType;
}

/**
 * The header `Content-Disposition` that makes a browser save it, under a name of letters, digits and a few signs: what a
 * stranger called it may hold paths, control characters, and what turns the reading direction.
 */
export function dispositionOf(name: string | undefined, fallback: string): string {
  const kept = (name ?? '')
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ -]/gu, '_')
    .replace(/^[. ]+/, '');
  const chosen = [...kept].slice(0, nameLengthMax).join('') || fallback;
  const ascii = chosen.replace(/[^\x20-\x7e]/g, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(chosen)}`;
}
