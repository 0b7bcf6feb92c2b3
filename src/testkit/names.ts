/** Whether a text can be an id: lower-case letters, digits and single dashes, beginning with a letter. */
export function isIdentifier(text: string): boolean {
  return /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text);
}

/** Whether the name of a setting says that it holds a secret. A public key is none. */
export function namesSecret(name: string): boolean {
  return /(token|secret|password|passphrase|credentials?|(?<!public)key)s?$/i.test(name);
}
