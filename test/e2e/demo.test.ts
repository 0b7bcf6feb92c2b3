import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { run } from '../../src/cli/main.js';
import { Collector } from '../../src/cli/testing.js';

it('the demo shows a day over four channels, and finds what it claims', async () => {
  const stdout = new Collector();
  const stderr = new Collector();
  const exitCode = await run(['demo'], { stdout, stderr, environment: {} });
  const folder = /sealed: +(\S+)/.exec(stdout.text)?.[1];
  if (folder !== undefined) await rm(folder, { recursive: true });
  expect(stderr.text).toBe('');
  const checked = stdout.text.split('\n').filter((line) => /^ {2}(yes|NO ) /.test(line));
  expect(checked.filter((line) => !line.startsWith('  yes'))).toEqual([]);
  expect(checked.join('\n')).toMatch(/one conversation over sms, whatsapp and voice/);
  expect(exitCode).toBe(0);
}, 120_000);
