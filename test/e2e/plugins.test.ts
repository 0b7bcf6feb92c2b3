import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { archway } from '../support/command-line.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { Outside } from '../support/outside.js';

test('a gateway does not start with a plugin that cannot be used, and touches nothing; doctor says the same', async () => {
  const outside = await Outside.create();
  await outside.archway(['connector', 'new', 'acme-chat']);
  const broken = await outside.put('broken.js', "throw new Error('No wheel.');");
  const environment = {
    ARCHWAY_PLUGINS: `./acme-chat, ${broken}`,
    ARCHWAY_DATA_DIR: outside.pathOf('data'),
    PORT: '0',
    ADMIN_PORT: '0',
  };
  const { code, stderr } = await outside.archway(['serve'], environment);
  expect(code).toBe(1);
  expect(stderr).toContain('ARCHWAY_PLUGINS');
  expect(stderr).toContain(`  - ${broken}: ${broken} failed while it was loaded: Error: No wheel.`);
  expect(await readdir(outside.folder)).not.toContain('data');

  const doctor = await outside.archway(['doctor', '--json'], environment);
  expect(doctor.code).toBe(6);
  const checks = JSON.parse(doctor.stdout) as { name: string; status: string; detail: string }[];
  expect(checks.filter(({ name }) => name === 'loaded plugins')).toEqual([
    expect.objectContaining({ status: 'fail', detail: expect.stringContaining('No wheel.') }),
  ]);
  const mended = await outside.archway(['doctor', '--json'], {
    ...environment,
    ARCHWAY_PLUGINS: './acme-chat',
  });
  expect(JSON.parse(mended.stdout)).toContainEqual({
    name: 'loaded plugins',
    status: 'ok',
    detail: expect.stringContaining(`built-in, acme-chat from ${outside.pathOf('acme-chat/index.js')}`),
  });
});

test('plugins from outside are as the built-in ones: listed with their origin, and their failures understood', async () => {
  const outside = await Outside.create();
  await outside.archway(['connector', 'new', 'acme-chat']);
  await outside.archway(['sink', 'new', 'acme-archive', '--dir', 'node_modules']);
  const plugins = `${outside.pathOf('acme-chat')},${outside.pathOf('node_modules/acme-archive')}`;
  const gateway = await GatewayProcess.start({ environment: { ARCHWAY_PLUGINS: plugins } });

  const connectors = await gateway.list<{ id: string; origin: string }>('/v1/connectors');
  expect(Object.fromEntries(connectors.map(({ id, origin }) => [id, origin]))).toMatchObject({
    'twilio-sms': 'built-in',
    'acme-chat': outside.pathOf('acme-chat/index.js'),
  });

  // The sink's own Failure, of kind `config`, is the gateway's class and not just one of the same name.
  const refused = await archway(gateway, 'sink', 'add', 'acme-archive', '--set', 'directory=/nowhere');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('The directory is not there or cannot be written; make it first.');

  await archway(gateway, 'sink', 'add', 'acme-archive', '--set', `directory=${outside.folder}`);
  const { stdout } = await archway(gateway, 'sink', 'list');
  expect(stdout).toMatch(/acme-archive from \/.*node_modules\/acme-archive\/index\.js/);
  expect(stdout).not.toMatch(/filesystem from/);
  expect(gateway.log).toContain(outside.pathOf('acme-chat/index.js'));
  await gateway.stop();
});
