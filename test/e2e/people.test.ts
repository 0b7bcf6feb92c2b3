import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { archway, archwayJson } from '../support/command-line.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk, desk, send, signedForm, smsFields } from '../support/traffic.js';
import { until } from '../support/until.js';

interface Conversation {
  id: string;
  custodian: { name: string } | null;
  contact: { name: string } | null;
}

it('brings unknown people into their conversation by commands alone', async () => {
  const gateway = await startTestGateway();
  const account = await addDesk(gateway);
  const sms = smsFields({ sid: `SM${'a'.repeat(32)}`, from: '+12025550171', text: 'Good morning' });
  const form = new URLSearchParams(Object.fromEntries(sms)).toString();
  expect((await send(gateway.webhookBase, signedForm(account, form))).status).toBe(200);
  const run = (...args: string[]) => archway(gateway, ...args);
  await until(async () => (await run('conversations')).stdout.includes('+12025550171'));
  expect((await run('people', 'unknown', '--own')).stdout).toContain(desk.number);

  const file = join(gateway.dataDirectory, 'people.csv');
  await writeFile(file, `name,address\nDana,${desk.number}\nDana,oops\0\n`);
  const broken = await run('custodian', 'import', file);
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/Line 3: .*NUL[\s\S]*Nothing was imported/);
  await writeFile(file, Buffer.from([0x6e, 0xff, 0xfe]));
  expect((await run('custodian', 'import', file)).stderr).toContain('is not UTF-8');
  await writeFile(file, Buffer.alloc(20 * 1024 * 1024, 'a'));
  expect((await run('custodian', 'import', file)).stderr).toContain('Split it');
  expect((await run('custodian', 'import', join(gateway.dataDirectory, 'none.csv'))).code).toBe(2);
  await writeFile(file, `name,address\nDana,${desk.number}\n`);
  expect((await run('custodian', 'import', file, '--dry-run')).stdout).toContain('Would add 1 people');
  expect((await run('custodian', 'import', file)).stdout).toContain('Added 1 people and 1 addresses');

  expect((await run('people', 'assign', '+12025550171')).code).toBe(2);
  expect((await run('people', 'assign', '+12025550171', '--contact', 'Carol')).code).toBe(0);
  const found = await archwayJson<Conversation>(gateway, 'conversations', '--custodian', 'Dana');
  expect(found).toMatchObject([{ custodian: { name: 'Dana' }, contact: { name: 'Carol' } }]);
  expect((await run('conversation', found[0]!.id)).stdout).toContain('Good morning');
  expect((await run('rebuild-conversations')).code).toBe(0);
  expect(await archwayJson(gateway, 'conversations')).toEqual(found);
  const identities = await archwayJson<{ id: string }[]>(gateway, 'identity', 'list');
  expect(identities.flat()).toHaveLength(2);
  const id = identities.flat()[0]!.id;
  expect((await run('identity', 'end', id, '--at', '2020-01-01')).code).toBe(0);
  expect(await archwayJson(gateway, 'conversations', '--custodian', 'Dana')).toEqual([]);
});
