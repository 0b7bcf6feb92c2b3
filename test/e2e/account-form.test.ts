import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it, type TestContext } from 'vitest';
import { skip } from '../crash/support/databases.js';
import { archway, archwayJson } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { caller, IncomingCall, make, phones } from '../support/phone-calls.js';
import { startTestGateway } from '../support/test-gateway.js';
import { desk } from '../support/traffic.js';
import { until } from '../support/until.js';

interface Added {
  readonly id: string;
  readonly connector: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

const { accountSid, authToken, number } = desk;
const enter = '\r';

/** A call reaches the account, and Twilio is told whom to ring. */
async function expectWorks(gateway: GatewayProcess, account: string): Promise<void> {
  const { body } = await make(gateway, new IncomingCall(account).beginning);
  for (const phone of phones) expect(body).toContain(phone);
  await until(async () => (await archwayJson<{ from: string }>(gateway, 'calls')).length === 1);
  expect(await archwayJson(gateway, 'calls')).toMatchObject([{ from: caller, to: number }]);
}

it('a number for calls is added at the command line, and calls are captured then', async () => {
  const gateway = await startTestGateway();
  const settings = [`accountSid=${accountSid}`, `authToken=${authToken}`, `number=${number}`];
  const given = [...settings, `forwardTo=${phones.join()}`, 'ring=in-turn', 'language=de-DE'];
  const add = (...more: string[]) =>
    archway(gateway, 'account', 'add', 'twilio-voice', '--name', 'line', ...more);
  const wrong = await add('--set', `accountSid=${accountSid}`, '--set', 'ring=sometimes');
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toMatch(/authToken[\s\S]*number|number[\s\S]*authToken/);
  const added = await add(...given.flatMap((each) => ['--set', each]));
  expect(added).toMatchObject({ code: 0, stderr: '' });
  const id = /Added account (\S+)\./.exec(added.stdout)?.[1] ?? '';
  for (const endpoint of ['voice', 'status']) expect(added.stdout).toContain(`/webhooks/${id}/${endpoint}`);
  expect(added.stdout).not.toContain(authToken);
  const [shown] = await archwayJson<Added>(gateway, 'account', 'show', 'line');
  expect(shown?.settings).toMatchObject({ ring: 'in-turn', language: 'de-DE', number });
  expect(JSON.stringify(shown)).not.toContain(authToken);
  const { body } = await make(gateway, new IncomingCall(id).beginning);
  expect(body).toContain('de-DE');
  await gateway.stop();
});

it('a number for calls is added by answering questions on a terminal', async (context: TestContext) => {
  skipWithoutTerminal(context);
  const gateway = await startTestGateway();
  const shown = await atTerminal(gateway, 'account add twilio-voice --name line', [
    ['accountSid', accountSid + enter],
    ['authToken', authToken + enter],
    ['previousAuthToken', enter],
    ['number', number + enter],
    ['forwardTo', phones.join() + enter],
    ['ring', enter],
    ['language', enter],
    ['notice', enter],
    ['voicemail', enter],
    ['apiBaseUrl', enter],
  ]);
  expect(shown).toContain('/voice');
  expect(shown, 'a secret is not shown while it is typed').not.toContain(authToken);
  const [account] = await archwayJson<Added>(gateway, 'account', 'show', 'line');
  expect(account).toMatchObject({ connector: 'twilio-voice', settings: { ring: 'all', language: 'en-US' } });
  await expectWorks(gateway, account?.id ?? '');
  await gateway.stop();
});

const botToken = '5550100:AAmadeUpTokenForTests-0123456789abcdef';
const madeUpSecret = 'made-up-secret-0123456789';
const nowhere = 'http://127.0.0.1:9';

it.for([
  {
    connector: 'telegram',
    answers: [
      ['token', botToken],
      ['mode', ''],
      // Nothing is needed here in the other mode, so the gateway says so afterwards, and it is asked for again.
      ['secretToken', ''],
      ['previousSecretToken', ''],
      ['apiBaseUrl', nowhere],
      ['secretToken', madeUpSecret],
    ],
    shows: /secretToken: is needed in the mode "webhook"[\s\S]*\/updates/,
    settings: { mode: 'webhook' },
  },
  {
    connector: 'twilio-sms',
    answers: [
      ['accountSid', accountSid],
      ['authToken', authToken],
      ['previousAuthToken', ''],
      ['numbers', number],
      ['messagingServiceSid', ''],
      ['messagesPerSecond', ''],
      ['apiBaseUrl', nowhere],
    ],
    shows: /\/messages#rc=5&rp=all[\s\S]*\/status#rc=5&rp=all/,
    settings: { numbers: [number] },
  },
  {
    connector: 'whatsapp',
    answers: [
      ['outbound', ''],
      ['number', ''],
      ['socketUrl', ''],
      ['history', ''],
    ],
    shows: /archway account show desk/,
    settings: { outbound: false, history: 'recent' },
  },
] as const)('$connector is added by answering questions on a terminal', async (form, context) => {
  const { connector, answers, shows, settings } = form;
  skipWithoutTerminal(context);
  const gateway = await startTestGateway();
  const typed = answers.map(([question, answer]) => [question, answer + enter] as const);
  const shown = await atTerminal(gateway, `account add ${connector} --name desk`, typed);
  expect(shown).toMatch(shows);
  for (const secret of [botToken, madeUpSecret, authToken]) expect(shown).not.toContain(secret);
  const added = await archwayJson<Added>(gateway, 'account', 'show', 'desk');
  expect(added).toMatchObject([{ connector, settings }]);
  await gateway.stop();
});

function skipWithoutTerminal(context: TestContext): void {
  if (spawnSync('script', ['--version']).status !== 0)
    skip(context, 'there is no `script` to make a terminal');
}

/** Runs a command on a terminal of its own, and answers each question when it is asked. What was shown. */
async function atTerminal(
  gateway: GatewayProcess,
  command: string,
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<string> {
  const program = fileURLToPath(new URL('../../bin/archway.js', import.meta.url));
  const inTerminal = `stty cols 200 rows 50; exec ${process.execPath} ${program} ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--command', inTerminal, '/dev/null'], {
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ARCHWAY_DATA_DIR: gateway.dataDirectory },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.on('data', (piece) => {
    shown += piece;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let from = 0;
  for (const [question, answer] of answers) {
    await until(() => shown.indexOf(`${question}:`, from) !== -1);
    from = shown.indexOf(`${question}:`, from) + 1;
    child.stdin.write(answer);
  }
  expect(await ended, shown).toBe(0);
  return shown;
}
