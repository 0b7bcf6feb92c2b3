import type { Command } from 'commander';
import type { z } from 'zod';
import { askForAccount, type Terminal } from './account-form.js';
import { parseInterval } from './arguments.js';
import { usageError } from './cli-error.js';
import type { ApiClient } from './client.js';
import { isLoopback } from './connection.js';
import { exitCodes } from './exit-codes.js';
import { isTerminal } from './io.js';
import { registerLinks } from './links.js';
import { registerReconcile } from './reconciliations.js';
import { addSetOption, readSettings, type Setting, settingNotes } from './settings.js';
import { accountShape, accountTestShape, addedAccountShape, connectorShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface AddOptions {
  readonly name?: string;
  readonly set: readonly Setting[];
}

interface ChangeOptions extends AddOptions {
  readonly expectEvery?: number | 'never';
}

/** `archway account …` */
export function registerAccounts(program: Command, shell: Shell): void {
  const family = program.command('account').description('numbers, bots and phones whose traffic is captured');
  const add = addApiCommand(family, 'add [connector]', {
    summary: 'add an account and print the webhook URLs to paste into the console of the provider',
    example:
      'archway account add twilio-sms --name desk --set accountSid=AC… --set authToken=@token.txt --set numbers=+12025550123',
    notes: `On a terminal, without --set, it asks for each setting. \`archway connector list\` names the connectors.\n${settingNotes}`,
  });
  add.option('--name <name>', 'name for people (default: the id of the connector)');
  addSetOption(add).action(action(shell, addAccount));
  addApiCommand(family, 'list', { summary: 'list the accounts', example: 'archway account list' }).action(
    action(shell, listAccounts),
  );
  addApiCommand(family, 'show <account>', {
    summary: 'show one account, by id or name: settings with secrets masked, webhook URLs',
    example: 'archway account show desk',
  }).action(action(shell, showAccount));
  const change = addApiCommand(family, 'set <account>', {
    summary: 'change settings of an account, by id or name; the others and the webhook URLs stay',
    example: 'archway account set desk --set authToken=@new.txt --set previousAuthToken=@old.txt',
    notes: `\`--set name=\` takes an optional setting away.\n${settingNotes}`,
  });
  change.option(
    '--expect-every <time>',
    'open an alert when it has no message for longer, such as 24h; never ends that',
    parseInterval,
  );
  addSetOption(change).action(action(shell, changeAccount));
  addApiCommand(family, 'resume <account>', {
    summary: 'go on sending for an account that is paused because of a failure, at once',
    example: 'archway account resume desk',
    notes: 'A change of its settings does the same.',
  }).action(action(shell, resumeAccount));
  addApiCommand(family, 'test <account>', {
    summary:
      'check that the provider can reach the webhooks of an account, and that nothing keeps it from sending',
    example: 'archway account test desk',
  }).action(action(shell, testAccount));
  registerLinks(family, shell);
  registerReconcile(family, shell);
}

async function addAccount(context: Context, given: string | undefined, options: AddOptions): Promise<void> {
  const { output } = context;
  const settings = await readSettings(options.set);
  const client = await context.client();
  const terminal = terminalOf(context, options);
  if (terminal === undefined && given === undefined) {
    throw usageError('Name the connector, such as twilio-sms; `archway connector list` shows what there is.');
  }
  const add = (request: object) => client.post('/v1/accounts', addedAccountShape, request);
  const asGiven = { connector: given, name: options.name ?? given, settings };
  const {
    connector = '',
    name,
    added: { id, webhooks },
  } = terminal === undefined
    ? { ...asGiven, added: await add(asGiven) }
    : await askForAccount(
        await client.all('/v1/connectors', connectorShape),
        { connector: given, name: options.name },
        terminal,
        add,
      );
  if (output.json) return output.value({ id, webhooks });
  if (Object.keys(webhooks).length === 0) {
    const next = `archway account show ${name}`;
    return output.lines(`Added account ${id}. It has no webhooks; what it needs next says: ${next}`);
  }
  await output.lines(`Added account ${id}. Its URLs, and where each of them belongs:`, '');
  await printWebhooks(context, client, connector, webhooks);
}

/** Where somebody can be asked: on a terminal, and where no setting was given. */
function terminalOf({ io, output }: Context, { set }: AddOptions): Terminal | undefined {
  const { stdin, stdout } = io;
  if (output.json || set.length > 0 || stdin === undefined) return undefined;
  return isTerminal(stdin) && isTerminal(stdout) ? { input: stdin, output: stdout } : undefined;
}

async function listAccounts({ output, client }: Context): Promise<void> {
  const accounts = await (await client()).all('/v1/accounts', accountShape);
  await output.list(
    accounts,
    [
      { heading: 'ID', value: (account) => account.id },
      { heading: 'NAME', value: (account) => account.name },
      { heading: 'CONNECTOR', value: (account) => account.connector },
      { heading: 'SESSION', value: ({ session }) => session?.state },
      { heading: 'SENDING', value: ({ sendingTrouble: trouble }) => trouble && `paused: ${trouble.kind}` },
      { heading: 'OWN ADDRESSES', value: (account) => account.ownAddresses.join(', ') },
    ],
    'There are no accounts yet. Add one with: archway account add <connector>',
  );
}

async function showAccount(context: Context, account: string): Promise<void> {
  const { output } = context;
  const client = await context.client();
  const found = await client.get(`/v1/accounts/${encodeURIComponent(account)}`, accountShape);
  if (output.json) return output.value(found);
  const settings = Object.entries(found.settings).map(
    ([name, value]) => `    ${name} = ${settingText(value)}`,
  );
  await output.lines(
    `${found.name}`,
    `  id             ${found.id}`,
    `  connector      ${found.connector}`,
    `  own addresses  ${found.ownAddresses.join(', ')}`,
    `  expected       ${expectationText(found.expectEveryMinutes)}`,
    ...troubleLines(found),
    ...sessionLines(found.session),
    '  settings',
    ...settings,
    '',
  );
  await printWebhooks(context, client, found.connector, found.webhooks);
}

/** How the session of an account stands, of a connector that keeps one. */
function sessionLines(session: z.infer<typeof accountShape>['session']): string[] {
  if (!session) return [];
  const { state, detail, action: next } = session;
  const said = [state, ...(detail === null ? [] : [detail]), ...(next === null ? [] : [next])];
  return said.map((text, index) => (index === 0 ? `  session        ${text}` : `                 ${text}`));
}

async function changeAccount(context: Context, account: string, options: ChangeOptions): Promise<void> {
  const { output } = context;
  const given = Object.entries(await readSettings(options.set));
  const settings = Object.fromEntries(given.map(([name, value]) => [name, value === '' ? null : value]));
  const { expectEvery } = options;
  if (given.length === 0 && expectEvery === undefined)
    throw usageError('Nothing is to be changed. See --help.');
  const client = await context.client();
  const changed = await client.patch(`/v1/accounts/${encodeURIComponent(account)}`, accountShape, {
    settings,
    ...(expectEvery !== undefined && { expectEveryMinutes: expectEvery === 'never' ? null : expectEvery }),
  });
  if (output.json) return output.value(changed);
  const names = [...Object.keys(settings), ...(expectEvery === undefined ? [] : ['what is expected'])];
  await output.lines(`Changed ${names.join(', ')} of account ${changed.name}.`);
}

async function resumeAccount({ output, client }: Context, account: string): Promise<void> {
  const resumed = await (await client()).post(
    `/v1/accounts/${encodeURIComponent(account)}/resume`,
    accountShape,
  );
  if (output.json) return output.value(resumed);
  await output.lines(`Nothing keeps account ${resumed.name} from sending now.`);
}

function troubleLines({ sendingTrouble: trouble }: z.infer<typeof accountShape>): string[] {
  if (!trouble) return [];
  return [
    `  sending        paused until ${trouble.pausedUntil} (${trouble.kind}): ${trouble.message}`,
    `                 → ${trouble.explanation}`,
  ];
}

function expectationText(everyMinutes: number | null | undefined): string {
  return everyMinutes ? `a message every ${everyMinutes} minutes` : 'nothing: it may be silent';
}

function settingText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function testAccount({ output, client }: Context, account: string): Promise<number> {
  const path = `/v1/accounts/${encodeURIComponent(account)}/test`;
  const result = await (await client()).post(path, accountTestShape);
  if (output.json) await output.value(result);
  else {
    for (const { ok, name, detail, remedy } of result.checks) {
      await output.lines(`${ok ? 'ok  ' : 'fail'}  ${name}  ${detail}`);
      if (remedy !== undefined) await output.lines(`      → ${remedy}`);
    }
  }
  return result.ok ? exitCodes.fine : exitCodes.trouble;
}

/** Each URL under the line that says where at the provider it belongs. */
async function printWebhooks(
  { output }: Context,
  client: ApiClient,
  connectorId: string,
  webhooks: Readonly<Record<string, string>>,
): Promise<void> {
  const connectors = await client.all('/v1/connectors', connectorShape);
  const endpoints = connectors.find((connector) => connector.id === connectorId)?.endpoints ?? [];
  for (const [name, url] of Object.entries(webhooks)) {
    const purpose = endpoints.find((endpoint) => endpoint.name === name)?.purpose;
    await output.lines(`  ${name}${purpose === undefined ? '' : `: ${purpose}`}`, `    ${url}`, '');
  }
  if (Object.values(webhooks).some(isLoopback)) {
    await output.note(
      'These URLs lead to this machine only, and no provider can reach them: set ARCHWAY_PUBLIC_URL and restart the server.',
    );
  }
}
