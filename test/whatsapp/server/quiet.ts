const nothing = (): void => undefined;

/** The library wants a logger; the server's own use of it has nothing to tell. */
export const quiet = {
  level: 'silent',
  child: () => quiet,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
