/** The part of the package that is used here; it ships no types. */
declare module 'fs-native-extensions' {
  /** False when another open file holds the lock. @throws on anything else, such as a bad descriptor */
  export function tryLock(fileDescriptor: number, options?: { shared?: boolean }): boolean;
}
