import { expect, it } from 'vitest';
import { check } from '../../connectors/whatsapp/check.js';
import { settingsSchema } from '../../connectors/whatsapp/settings.js';
import { archway } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, testEndpoints, untilState } from './support/account.js';

interface Checked {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

async function checksOf(gateway: GatewayProcess): Promise<Record<string, Checked>> {
  const { checks } = await gateway.call<{ checks: Checked[] }>('POST', '/v1/accounts/phone/test');
  return Object.fromEntries(checks.map((each) => [each.name, each]));
}

it('says that the phone has to be linked, then that the session is open, and that the endpoint is a test', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server);
  await untilState(gateway, 'awaiting-pairing');
  expect(await checksOf(gateway)).toMatchObject({
    library: { ok: true },
    'test-endpoint': { ok: false, remedy: expect.stringContaining('socketUrl') },
    socket: { ok: true },
    session: { ok: false, remedy: expect.stringContaining('archway account link') },
  });
  // The command itself runs without the variable.
  expect((await archway(gateway, 'doctor')).stdout).toContain('ARCHWAY_ALLOW_TEST_ENDPOINTS=1');
  expect(gateway.log).toContain('ARCHWAY_ALLOW_TEST_ENDPOINTS=1');
  const { code, stdout } = await archway(gateway, 'account', 'test', 'phone');
  expect(code).not.toBe(0);
  expect(stdout).toContain('awaiting-pairing');
  const device = await linkPhone(gateway, server);
  expect((await checksOf(gateway)).session).toMatchObject({ ok: true });
  server.logOut(device);
  await untilState(gateway, 'logged-out');
  expect((await checksOf(gateway)).session).toMatchObject({
    ok: false,
    remedy: expect.stringContaining('archway account link'),
  });
});

it('wrong settings are refused with what they should be', async () => {
  const gateway = await startTestGateway();
  const refused = async (setting: string) => {
    const { code, stderr } = await archway(
      ...([gateway, 'account', 'add', 'whatsapp', '--name', 'phone', '--set', setting] as const),
    );
    expect(code).not.toBe(0);
    return stderr;
  };
  expect(await refused('outbound=perhaps')).toContain('outbound: must be true or false');
  expect(await refused('outbound=true')).toContain('number: is needed to send');
  expect(await refused('history=everything')).toContain('"none"|"recent"|"full"');
  expect(await refused('socketUrl=https://web.whatsapp.com')).toContain('wss://web.whatsapp.com/ws/chat');
});

it('says when the socket cannot be reached', async () => {
  const settings = settingsSchema.parse({ socketUrl: 'ws://127.0.0.1:9/ws/chat' });
  const context = {
    settings,
    signal: new AbortController().signal,
    now: () => new Date(),
    webhookUrl: () => '',
  };
  const checks = await check(context);
  expect(checks.at(-1)).toMatchObject({
    name: 'socket',
    ok: false,
    remedy: expect.stringContaining('127.0.0.1:9'),
  });
});
