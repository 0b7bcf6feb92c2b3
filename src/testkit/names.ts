/** Whether the name of a setting says that it holds a secret. A public key is none. */
export function namesSecret(name: string): boolean {
  return /(token|secret|password|passphrase|credentials?|(?<!public)key)s?$/i.test(name);
}
