/** Whether a text can be an id: lower-case letters, digits and single dashes, beginning with a letter. */
export function isIdentifier(text: string): boolean {
  return /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text);
}
