/** What the process ends with. Scripts decide by these, so a number never changes its meaning. */
export const exitCodes = {
  fine: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  refusedKey: 5,
  trouble: 6,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  fine: 'done',
  failed: 'it failed; the error says why',
  usage: 'the command line or a variable of the environment is wrong',
  unreachable: 'no server answers',
  notFound: 'there is nothing by that id or name',
  refusedKey: 'the API key is missing, unknown or not allowed to do this',
  trouble: 'the check itself worked and found trouble (doctor, account test, sink inspect, backup)',
};

/** For the end of `archway --help`. */
export function exitCodeHelp(): string {
  const lines = Object.entries(meanings).map(
    ([name, meaning]) => `  ${exitCodes[name as keyof typeof exitCodes]}  ${meaning}`,
  );
  return ['Exit codes:', ...lines].join('\n');
}
