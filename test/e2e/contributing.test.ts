import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/gateway-process.js';

const root = resolve(import.meta.dirname, '../..');

/** One thing that CONTRIBUTING.md tells to do: run commands, or put a text into a file. */
type Step = { readonly run: string } | { readonly file: string; readonly text: string };

/** The steps of a chapter, in order. A block of code goes into the file that was named last before it. */
function stepsOf(document: string, heading: string): Step[] {
  const chapter = document.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const blocks = chapter.matchAll(/([^`]|`[^`]+`)*?^```(sh|js|json)\n(.*?)^```$/gms);
  return [...blocks].map(([block, , language, text = '']) => {
    if (language === 'sh') return { run: text };
    const before = block.slice(0, block.indexOf('```'));
    const file = [...before.matchAll(/ into `([^`]+)`/g)].at(-1)?.[1];
    if (file === undefined) throw new Error(`No file is named before:\n${text}`);
    return { file, text };
  });
}

function scriptOf(steps: readonly Step[]): string {
  const parts = steps.map((step) =>
    'run' in step ? step.run : `cat > '${step.file}' <<'END OF FILE'\n${step.text}END OF FILE\n`,
  );
  return ['set -e', ...parts].join('\n');
}

/** Ends it and all that it started. */
async function endGroup(child: ChildProcess): Promise<void> {
  try {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

test('“Your first connector in 30 minutes” works word by word', { timeout: 240_000 }, async () => {
  const home = await mkdtemp(join(tmpdir(), 'archway-contributing-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const document = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const steps = stepsOf(document, 'Your first connector in 30 minutes');
  expect(steps.filter((step) => 'file' in step).map((step) => step.file)).toEqual([
    'acme-chat/fixtures/message.json',
    'acme-chat/fixtures/typing.json',
    'acme-chat/parse.js',
    'acme-chat/verify.js',
    'acme-chat/index.js',
    'acme.mjs',
  ]);
  // The ports alone are other ones: those of the document may be taken here.
  const ports = 'PORT=8080 ADMIN_PORT=8081';
  expect(scriptOf(steps)).toContain(ports);
  const script = scriptOf(steps).replace(ports, `PORT=${await freePort()} ADMIN_PORT=${await freePort()}`);

  const bash = spawn('bash', ['-c', script], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => endGroup(bash));
  let output = '';
  let errors = '';
  bash.stdout.on('data', (chunk) => {
    output += chunk;
  });
  bash.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(bash, 'close');

  expect({ code, errors: code === 0 ? '' : `${output}\n${errors}` }).toEqual({ code: 0, errors: '' });
  const folder = join(home, 'first-connector');
  expect(output.match(/, 0 failed$/gm)).toHaveLength(3);
  expect(output).toMatch(/^✗ connector\/parse-equals-golden.*\n.*message/m);
  expect(output).toContain('Not yet.');
  expect(output).toMatch(new RegExp(`acme-chat {2}Acme chat.*\n {2}from +${folder}/acme-chat/index.js`));
  expect(output).toMatch(/^200$/m);
  expect(output).toContain('1 intact, 0 altered, 0 missing');
  const archived = await readdir(join(folder, 'archive'));
  expect(archived).toHaveLength(1);
  const envelope = JSON.parse(await readFile(join(folder, 'archive', archived[0]!), 'utf8'));
  expect(envelope).toMatchObject({
    skeleton: { kind: 'message', connector: 'acme-chat' },
    content: { text: 'Are we still on for ten?', direction: 'inbound', channel: 'acme' },
  });
});
