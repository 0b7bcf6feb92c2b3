import { type Command, Option } from 'commander';
import { type Config, readConfig } from '../config/index.js';
import { ApiClient } from './client.js';
import { findConnection } from './connection.js';
import { exitCodes } from './exit-codes.js';
import type { Io } from './io.js';
import { Output } from './output.js';

/** What a command gets: its output, the configuration, and the private API, each made when it is asked for. */
export interface Context {
  readonly io: Io;
  readonly output: Output;
  /** The instance named by `--instance`. */
  readonly instance: string | undefined;
  /** @throws {ConfigError} */
  config(): Config;
  /** @throws {CliError} when no server or no key is found. */
  client(): Promise<ApiClient>;
}

/** One run of the command line: what the commands are defined against, and where their exit code ends up. */
export interface Shell {
  readonly io: Io;
  exitCode: number;
}

interface CommonOptions {
  readonly json?: boolean;
  readonly instance?: string;
}

interface About {
  readonly summary: string;
  /** A command line that works as it stands, apart from its ids. */
  readonly example: string;
  /** What else `--help` says. */
  readonly notes?: string;
}

/** Adds a command; its help ends with an example. */
export function addCommand(parent: Command, usage: string, about: About): Command {
  const notes = about.notes === undefined ? '' : `\n${about.notes}\n`;
  return parent
    .command(usage)
    .description(about.summary)
    .addHelpText('after', `${notes}\nExample:\n  $ ${about.example}`);
}

/** Adds a command that asks the private API. */
export function addApiCommand(parent: Command, usage: string, about: About): Command {
  return addCommand(parent, usage, about).addOption(jsonOption()).addOption(instanceOption());
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for scripts; errors too, on standard error');
}

export function instanceOption(): Option {
  return new Option('--instance <name>', 'name or id of the instance (default: the one of the API key)');
}

/**
 * Wraps a command's work for `Command.action`. The work gets a context, then its arguments, then its options. It may
 * return an exit code; without one all is fine.
 */
export function action<Given extends unknown[]>(
  shell: Shell,
  work: (context: Context, ...given: Given) => Promise<number> | Promise<void>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command;
    const given = all.slice(0, -1) as Given;
    const context = createContext(shell.io, command.opts<CommonOptions>());
    const exitCode = await work(context, ...given);
    shell.exitCode = typeof exitCode === 'number' ? exitCode : exitCodes.fine;
  };
}

function createContext(io: Io, { json, instance }: CommonOptions): Context {
  const config = () => readConfig(io.environment);
  return {
    io,
    output: new Output(io, json === true),
    instance,
    config,
    client: async () => new ApiClient(await findConnection(config()), instance),
  };
}
