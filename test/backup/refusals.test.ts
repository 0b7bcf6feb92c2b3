import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { runArchway } from '../support/command-line.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { desk } from '../support/traffic.js';
import { clearText, type Member, readMembers, withDigestsMended, writeMembers } from './support/altered.js';
import {
  backUp,
  busyGateway,
  emptyPlace,
  environmentOf,
  expectDone,
  newKey,
  restore,
  shelf,
} from './support/backups.js';

const timeout = 120_000;

/** A backup, and a place where it could be restored. */
async function prepared() {
  const databaseUrl = await freshDatabaseUrl();
  const { gateway, traffic } = await busyGateway(databaseUrl);
  const directory = await shelf();
  const file = join(directory, 'backup.tar');
  await backUp(gateway, file, databaseUrl);
  await gateway.stop();
  const targetUrl = await freshDatabaseUrl();
  return { gateway, traffic, directory, file, databaseUrl, targetUrl };
}

test('without the master key it shows no text, no number, no name and no token', { timeout }, async () => {
  const { file, traffic, gateway } = await prepared();
  const visible = await clearText(file);
  const key = (await readFile(join(gateway.dataDirectory, 'master-key'), 'utf8')).trim();
  const secrets = [
    ...traffic.messages.flatMap(({ text, from }) => [text, from]),
    desk.number,
    desk.authToken,
    key,
  ];
  const forms = secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
  ]);
  expect(forms.filter((form) => visible.includes(Buffer.from(form).toString('latin1')))).toEqual([]);
  expect(visible).toContain('sealed_content');
});

test('it is refused under another key, and without one; the right one is named', { timeout }, async () => {
  const { file, gateway, targetUrl } = await prepared();
  const place = await emptyPlace(undefined, targetUrl);
  const missing = await restore(place, file, targetUrl);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(
    /sealed under master key [0-9a-f]{16}, and there is no usable key here.*ARCHWAY_MASTER_KEY/s,
  );

  const environment = environmentOf(place, targetUrl);
  const other = await runArchway({ ...environment, ARCHWAY_MASTER_KEY: newKey() }, ['restore', file]);
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(/sealed under master key [0-9a-f]{16}, and the key given is [0-9a-f]{16}/);

  const right = (await readFile(join(gateway.dataDirectory, 'master-key'), 'utf8')).trim();
  const checked = await runArchway({ ...environment, ARCHWAY_MASTER_KEY: right }, [
    'restore',
    '--check',
    file,
  ]);
  expectDone(checked);
  expect(checked.stdout).toContain('whole');
  expectDone(await runArchway({ ...environment, ARCHWAY_MASTER_KEY: right }, ['restore', file]));
});

test(
  'a backup that is not as it was written is refused before anything is touched',
  { timeout },
  async () => {
    const { file, gateway, directory, targetUrl } = await prepared();
    const place = await emptyPlace(gateway, targetUrl);
    const names = await readdir(place.dataDirectory);
    const members = await readMembers(file);
    const whole = await readFile(file);
    const altered = join(directory, 'altered.tar');
    const change = (pattern: RegExp, alter: (member: Member) => Member | undefined) => {
      const index = members.findIndex(({ name }) => pattern.test(name));
      return members.flatMap((member, place) => (place === index ? (alter(member) ?? []) : member));
    };
    const flip = ({ name, bytes }: Member) => {
      const copy = Buffer.from(bytes);
      copy[copy.length - 20]! ^= 1;
      return { name, bytes: copy };
    };
    const json = (more: object) => (member: Member) => ({
      ...member,
      bytes: Buffer.from(JSON.stringify({ ...JSON.parse(member.bytes.toString()), ...more })),
    });
    const fewer = ({ name }: Member) => ({ name, bytes: gzipSync('') });
    const reasons: [RegExp, readonly Member[] | Buffer][] = [
      [/ends in the middle/, whole.subarray(0, whole.length / 2)],
      [/ends in the middle/, whole.subarray(0, whole.length - 1024)],
      [/header in it is damaged/, Buffer.from('no archive at all, '.repeat(100))],
      [/ends in the middle/, Buffer.alloc(0)],
      [
        /has no manifest, so it was not completed/,
        members.filter(({ name }) => !name.startsWith('manifest')),
      ],
      [/tables\/records\/000001.ndjson.gz/, change(/^tables\/records/, flip)],
      [/tables\/records\/000001.ndjson.gz is not as it was/, change(/^tables\/records/, fewer)],
      [/is not as it was written|part of it is missing/, change(/^tables\/evidence/, () => undefined)],
      [/parts are not those that its manifest counts/, change(/^SHA256SUMS/, () => undefined)],
      [/not made under this master key/, withDigestsMended(change(/^tables\/leases/, forgedLease))],
      [
        /not made under this master key/,
        change(/^manifest.json/, json({ endedAt: '2026-11-24T00:00:00.000Z' })),
      ],
      [/a newer Archway must restore it/, change(/^backup.json/, json({ formatVersion: 2 }))],
      [
        /schema that this version does not know/,
        change(/^backup.json/, json({ schema: [1, 4_000_000_000_000] })),
      ],
      [/does not know/, [...members.slice(0, 1), { name: 'tables/../../x', bytes: Buffer.from('x') }]],
    ];
    for (const [reason, content] of reasons) {
      if (Buffer.isBuffer(content)) await writeFile(altered, content);
      else await writeMembers(altered, content);
      const { code, stderr } = await restore(place, altered, targetUrl);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(reason) });
      expect(stderr).not.toContain('report this');
    }
    expect(await readdir(place.dataDirectory), 'nothing was touched').toEqual(names);
    expectDone(await restore(place, file, targetUrl));
  },
);

/** As many rows as there were. */
function forgedLease({ name }: Member): Member {
  return { name, bytes: gzipSync('{"name":"forged"}\n') };
}

test('a target that is not empty is refused and stays as it is', { timeout }, async () => {
  const { file, gateway, databaseUrl, targetUrl } = await prepared();
  const again = await restore(gateway, file, databaseUrl);
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/database is not empty.*empty data directory/s);
  await gateway.start();
  const running = await restore(gateway, file, databaseUrl);
  expect(running.stderr).toMatch(/Another Archway is running/);

  const place = await emptyPlace(gateway, targetUrl);
  const spool = join(place.dataDirectory, 'waiting');
  const environment = { ...environmentOf(place, targetUrl), ARCHWAY_SPOOL_DIR: spool };
  const waiting = join(spool, '000000000001.spool');
  await mkdir(spool);
  await writeFile(waiting, 'waits');
  const withSpool = await runArchway(environment, ['restore', file]);
  expect(withSpool.stderr).toMatch(/not empty: there are captures that wait/);
  expect(await readFile(waiting, 'utf8')).toBe('waits');
});

test('a backup never overwrites another, and says where it cannot be written', { timeout }, async () => {
  const { file, gateway, databaseUrl, directory } = await prepared();
  const environment = environmentOf(gateway, databaseUrl);
  const before = await readFile(file);
  expect((await runArchway(environment, ['backup', file])).stderr).toContain('is there already');
  expect(await readFile(file)).toEqual(before);
  const nowhere = await runArchway(environment, ['backup', join(directory, 'no', 'backup.tar')]);
  expect(nowhere.stderr).toMatch(/cannot be written .*Name a directory that exists/);
  const mistyped = { ...environment, ARCHWAY_DATA_DIR: join(directory, 'none') };
  expect((await runArchway(mistyped, ['backup', join(directory, 'x.tar')])).stderr).toContain(
    'There is no data directory',
  );
  expect(await readdir(directory)).toEqual(['backup.tar']);
  const unreadable = await restore(await GatewayProcess.create(), join(directory, 'none.tar'));
  expect(unreadable.stderr).toMatch(/cannot be read \(ENOENT\)/);
});
