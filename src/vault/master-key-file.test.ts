import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { masterKeyId, parseMasterKey } from './master-key.js';
import { loadMasterKeyFile, loadOrCreateMasterKeyFile } from './master-key-file.js';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archway-vault-'));
  path = join(directory, 'master-key');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const validText = `${Buffer.alloc(32, 0xfb).toString('base64')}\n`;

describe('loadOrCreateMasterKeyFile', () => {
  test('makes a file that only the owner can use, and loads the same key from then on', async () => {
    const first = await loadOrCreateMasterKeyFile(path);
    expect(first.created).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const content = await readFile(path, 'utf8');
    expect(content).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    expect(masterKeyId(parseMasterKey(content, path))).toBe(masterKeyId(first.masterKey));

    const second = await loadOrCreateMasterKeyFile(path);
    expect(second.created).toBe(false);
    expect(masterKeyId(second.masterKey)).toBe(masterKeyId(first.masterKey));
    expect(await readdir(directory)).toEqual(['master-key']);
  });

  test('twenty at once end with one key, made once, and leave no drafts', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateMasterKeyFile(path)));
    expect(new Set(results.map((result) => masterKeyId(result.masterKey))).size).toBe(1);
    expect(results.filter((result) => result.created)).toHaveLength(1);
    expect(await readdir(directory)).toEqual(['master-key']);
  });

  test('never replaces a file that is there, even one that holds no key', async () => {
    await writeFile(path, 'not a key\n', { mode: 0o600 });
    await expect(loadOrCreateMasterKeyFile(path)).rejects.toThrow('openssl rand -base64 32');
    expect(await readFile(path, 'utf8')).toBe('not a key\n');
  });

  test('says what to do when the directory is missing', async () => {
    const elsewhere = join(directory, 'missing', 'master-key');
    await expect(loadOrCreateMasterKeyFile(elsewhere)).rejects.toMatchObject({
      name: 'MasterKeyError',
      message: expect.stringMatching(/cannot be written \(ENOENT\).*directory.*ARCHWAY_MASTER_KEY/),
    });
  });
});

describe('loadMasterKeyFile', () => {
  test.each([0o640, 0o604, 0o620, 0o610, 0o666])('refuses mode %o with the remedy', async (mode) => {
    await writeFile(path, validText);
    await chmod(path, mode);
    await expect(loadMasterKeyFile(path)).rejects.toMatchObject({
      name: 'MasterKeyError',
      message: expect.stringContaining(`chmod 600 ${path}`),
    });
  });

  test.each([0o600, 0o400])('accepts mode %o', async (mode) => {
    await writeFile(path, validText);
    await chmod(path, mode);
    expect(masterKeyId(await loadMasterKeyFile(path))).toBe(masterKeyId(parseMasterKey(validText, path)));
  });

  test('judges the file behind a symbolic link, as mounted secrets have it', async () => {
    await writeFile(path, validText, { mode: 0o600 });
    const linked = join(directory, 'linked');
    await symlink(path, linked);
    await expect(loadMasterKeyFile(linked)).resolves.toBeDefined();
    await chmod(path, 0o644);
    await expect(loadMasterKeyFile(linked)).rejects.toThrow('chmod 600');
  });

  test('says which file is missing or holds no key, without repeating its content', async () => {
    await expect(loadMasterKeyFile(path)).rejects.toThrow(/master-key cannot be read \(ENOENT\)/);
    await writeFile(path, 'half-of-a-secret', { mode: 0o600 });
    const failure = await loadMasterKeyFile(path).then(String, String);
    expect(failure).toContain(path);
    expect(failure).toContain('openssl rand -base64 32');
    expect(failure).not.toContain('half-of-a-secret');
  });

  test('refuses a directory and a file too long to be a key', async () => {
    await expect(loadMasterKeyFile(directory)).rejects.toThrow(/not a master key file/);
    await writeFile(path, 'A'.repeat(2000), { mode: 0o600 });
    await expect(loadMasterKeyFile(path)).rejects.toThrow(/not a master key file/);
  });
});
