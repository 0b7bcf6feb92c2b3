import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DatabaseLocation, openDatabase } from '../../src/db/client.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { addDesk, desk, Traffic } from '../support/traffic.js';
import { freshDatabaseUrl } from './support/databases.js';
import { expectAllKept } from './support/kept.js';

const custodian = 'Wilhelmina Featherstonehaugh';

/** The forms in which a text could lie somewhere: as it is, and as programs write bytes and text. */
function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  // Base64 depends on the place within its groups of three: the middle of each of the three is looked for.
  const inBase64 = [0, 1, 2].map((offset) =>
    Buffer.from(
      Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .slice(4, -4),
    ),
  );
  return [
    bytes,
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('hex').toUpperCase()),
    Buffer.from(encodeURIComponent(text)),
    Buffer.from(new URLSearchParams({ '': text }).toString().slice(1)),
    Buffer.from(text, 'utf16le'),
    ...inBase64,
    ...inBase64.map((form) => Buffer.from(form.toString().replaceAll('+', '-').replaceAll('/', '_'))),
  ];
}

/** Names of the secrets that can be found in these bytes, in any form. */
function found(bytes: Buffer, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => bytes.includes(form)))
    .map(([name]) => name);
}

/** Every file of the data directory with what is found in it; the archive is the customer's, and holds everything. */
async function foundInFiles(directory: string, secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
  const hits: string[] = [];
  for (const path of paths.filter((each) => !each.startsWith('archive/'))) {
    const names = found(await readFile(join(directory, path)), secrets);
    hits.push(...names.map((name) => `${path}: ${name}`));
  }
  expect(paths.length).toBeGreaterThan(5);
  return hits.sort();
}

/** All rows of all tables as text: what a dump shows, also where the files hold it compressed. */
async function dump(location: DatabaseLocation): Promise<string> {
  const database = await openDatabase(location);
  try {
    const tables = await database.sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`;
    const parts: string[] = [];
    for (const { name } of tables) {
      const rows = await database.sql.unsafe<{ row: string }[]>(`select t::text as row from ${name} as t`);
      parts.push(name, ...rows.map(({ row }) => row));
    }
    return parts.join('\n');
  } finally {
    await database.close();
  }
}

test('no text, number, name or credential lies outside the archive, the key files and the first greeting', async () => {
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl, environment: { ARCHWAY_LOG_LEVEL: 'trace' } });
  const traffic = new Traffic(await addDesk(gateway), { conversations: 9, seed: 1 });
  await gateway.call('POST', '/v1/custodians', { name: custodian, addresses: [desk.number] });
  await traffic.send(gateway, { each: 3 });
  await expectAllKept(gateway, traffic.messages);
  const apiKey = await gateway.adminKey();
  await gateway.stop();

  const masterKeyFile = (await readFile(join(gateway.dataDirectory, 'master-key'), 'utf8')).trim();
  const private_: Record<string, string> = {
    'auth token': desk.authToken,
    'account SID': desk.accountSid,
    'number of the desk': desk.number.slice(1),
    'name of the custodian': custodian,
    'first name': custodian.split(' ')[0] as string,
    'master key': masterKeyFile,
    'API key': apiKey,
  };
  for (const { conversation, place, from, text } of traffic.messages) {
    private_[`text ${conversation}.${place}`] = text;
    private_[`number of client ${conversation}`] = from.slice(1);
  }

  const archived = await foundInArchive(gateway, private_);
  expect(archived, 'the search finds what is there').toContain('text 0.0');
  expect(await foundInFiles(gateway.dataDirectory, private_)).toEqual([
    'admin-key: API key',
    'master-key: master key',
  ]);
  const location: DatabaseLocation =
    databaseUrl === undefined
      ? { kind: 'embedded', directory: join(gateway.dataDirectory, 'database') }
      : { kind: 'postgres', url: databaseUrl };
  const dumped = await dump(location);
  expect(dumped, 'the dump holds the journal').toContain(traffic.account);
  expect(found(Buffer.from(dumped), private_)).toEqual([]);
  expect(found(Buffer.from(gateway.log), private_)).toEqual([]);
  expect(found(Buffer.from(gateway.output), private_), 'shown once, at the first start').toEqual(['API key']);
});

async function foundInArchive(
  gateway: GatewayProcess,
  secrets: Readonly<Record<string, string>>,
): Promise<string[]> {
  const directory = join(gateway.dataDirectory, 'archive');
  const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.json'));
  const contents = await Promise.all(files.map((name) => readFile(join(directory, name))));
  return found(Buffer.concat(contents), secrets);
}
