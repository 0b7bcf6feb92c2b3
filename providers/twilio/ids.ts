/** Twilio's ids are two letters and 32 hex digits; a little wider, so that a new form of id loses nothing. */
const sidPattern = /^[A-Za-z0-9_-]{2,100}$/;

/** The id, if it can be one. */
export function sid(value: string | undefined): string | undefined {
  return value !== undefined && sidPattern.test(value) ? value : undefined;
}
