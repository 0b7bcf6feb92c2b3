import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockedError, lockFile } from './directory-lock.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'archway-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('lockFile', () => {
  it('refuses a second holder in the same process and names the file and the holder', () => {
    const lock = lockFile(path);
    expect(() => lockFile(path)).toThrow(LockedError);
    expect(() => lockFile(path)).toThrow(`${path} is locked by process ${process.pid}.`);
    lock.release();
    lockFile(path).release();
  });

  it('may be released twice without letting go of the next holder', () => {
    const first = lockFile(path);
    first.release();
    const second = lockFile(path);
    first.release();
    expect(() => lockFile(path)).toThrow(LockedError);
    second.release();
  });

  it('creates a file that only its owner reads', () => {
    const lock = lockFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });

  it('is refused while another process holds it, and free once that process is killed', async () => {
    const script = `
      const { openSync } = require('node:fs');
      const { tryLock } = require('fs-native-extensions');
      process.stdout.write(String(tryLock(openSync(${JSON.stringify(path)}, 'a+'))));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [answer] = (await once(child.stdout, 'data')) as [Buffer];
    expect(answer.toString()).toBe('true');
    expect(() => lockFile(path)).toThrow(/another process\. Stop that process/);

    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFile(path).release();
  });
});
