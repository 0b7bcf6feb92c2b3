import { Command, CommanderError } from 'commander';
import { archwayVersion } from '../core/version.js';
import { registerAccounts } from './accounts.js';
import { registerAlerts } from './alerts.js';
import { registerAttachments } from './attachments.js';
import { registerBackup } from './backup.js';
import { registerCall } from './call.js';
import { registerCalls } from './calls.js';
import { usageError } from './cli-error.js';
import { registerConnectors } from './connectors.js';
import { registerConversations } from './conversations.js';
import { registerCustodians } from './custodians.js';
import { registerDeadLetters } from './dead-letters.js';
import { toCliError } from './errors.js';
import { exitCodeHelp, exitCodes } from './exit-codes.js';
import { registerIdentities } from './identities.js';
import { registerInstances } from './instances.js';
import { type Io, write } from './io.js';
import { registerMessages } from './messages.js';
import { registerOutbound } from './outbound.js';
import { Output } from './output.js';
import { registerQuarantine } from './quarantine.js';
import { registerReconciliations } from './reconciliations.js';
import { registerRecords } from './records.js';
import { registerSend } from './send.js';
import type { Shell } from './shell.js';
import { registerSinks } from './sinks.js';
import { registerStandalone } from './standalone.js';

/** What commander said on its own: help and version for standard output, complaints for us to word. */
interface Said {
  out: string;
  error: string;
}

/**
 * Runs one command line and returns its exit code (see exit-codes.ts). Never throws for what a user can cause, and leaves
 * it to the caller to end the process.
 *
 * @param argv the arguments after the name of the program.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  // `write` sees the same error; without a listener it would end the process as well, as when `head` has enough.
  for (const stream of [io.stdout, io.stderr]) stream.on('error', () => undefined);
  const output = new Output(io, wantsJson(argv));
  const shell: Shell = { io, exitCode: exitCodes.fine };
  const said: Said = { out: '', error: '' };
  try {
    await buildProgram(shell, said).parseAsync([...argv], { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return await concludeParsing(error, said, output);
    const reported = toCliError(error);
    await output.error(reported);
    return reported.exitCode;
  }
}

function buildProgram(shell: Shell, said: Said): Command {
  const program = new Command('archway')
    .description('An open communications capture gateway.')
    .version(archwayVersion, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        said.out += text;
      },
      writeErr: (text) => {
        said.error += text;
      },
    })
    .addHelpText('after', programHelp);
  registerStandalone(program, shell);
  registerBackup(program, shell);
  registerAccounts(program, shell);
  registerSinks(program, shell);
  registerCustodians(program, shell);
  registerIdentities(program, shell);
  registerConnectors(program, shell);
  registerInstances(program, shell);
  registerMessages(program, shell);
  registerSend(program, shell);
  registerOutbound(program, shell);
  registerCalls(program, shell);
  registerCall(program, shell);
  registerAttachments(program, shell);
  registerConversations(program, shell);
  registerRecords(program, shell);
  registerReconciliations(program, shell);
  registerDeadLetters(program, shell);
  registerQuarantine(program, shell);
  registerAlerts(program, shell);
  return program;
}

const programHelp = `
All commands ask a running server, but serve, migrate, demo, doctor, backup, restore, and test and new of connector and sink. They
find its address and key in the data directory (ARCHWAY_DATA_DIR, default ./data), unless ARCHWAY_ADMIN_URL and ARCHWAY_API_KEY
are set. Every command has --help.

${exitCodeHelp()}

Examples:
  $ archway serve
  $ archway messages --json | jq .text`;

/** Commander ends parsing with an error for help and version, too. */
async function concludeParsing(error: CommanderError, said: Said, output: Output): Promise<number> {
  if (error.exitCode === 0) {
    await write(output.io.stdout, said.out);
    return exitCodes.fine;
  }
  const complaint = error.code === 'commander.help' ? undefined : error.message.replace(/^error: /, '');
  if (complaint === undefined && !output.json) {
    // A family without its command, such as `archway account`: its help says how to go on.
    await write(output.io.stderr, said.error);
    return exitCodes.usage;
  }
  const sentence = complaint === undefined ? 'A command is missing.' : asSentence(complaint);
  await output.error(usageError(`${sentence} See --help.`));
  return exitCodes.usage;
}

function asSentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1).replaceAll('\n', ' ');
  return /[.?!)]$/.test(start) ? start : `${start}.`;
}

/** Asked before parsing, so that an error in the parsing itself is printed in the right form. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}
