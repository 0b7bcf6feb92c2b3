import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { bodyOf, otherSecret, serve, testSecret } from '../../src/sinks/webhook/testing.js';
import { settled } from '../crash/support/kept.js';
import { archway } from '../support/command-line.js';
import { type GatewayProcess, until } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk, send, signedForm, smsFields } from '../support/traffic.js';

interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Sink {
  readonly state: string;
  readonly waiting: number;
  readonly lagSeconds: number;
  readonly delivered: number;
  readonly deliveredPerMinute: number;
}

/** A receiver that takes everything and keeps it as it came. */
async function startReceiver() {
  const posted: Posted[] = [];
  const server = await serve(async (request, response) => {
    posted.push({ headers: request.headers, body: (await bodyOf(request)).toString() });
    response.writeHead(204).end();
  });
  return { ...server, posted };
}

/** What it says, where the standard's own library takes its signature. */
function textOf({ headers, body }: Posted, secret: string): string {
  const verified = new Webhook(secret).verify(body, headers as Record<string, string>);
  const [item] = (verified as { data: { envelope: string }[] }).data;
  return JSON.parse(item?.envelope ?? '').content.text;
}

async function run(gateway: GatewayProcess, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await archway(gateway, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

it('is added, paused, resumed and given another secret by commands, and signs by the standard', async () => {
  await using receiver = await startReceiver();
  const gateway = await startTestGateway();
  const account = await addDesk(gateway);
  const say = async (number: number) => {
    const message = {
      sid: `SM${String(number).padStart(32, '0')}`,
      from: '+12025550171',
      text: `Number ${number}`,
    };
    const form = new URLSearchParams(smsFields(message)).toString();
    expect((await send(gateway.webhookBase, signedForm(account, form))).status).toBe(200);
  };
  const sink = async () => JSON.parse(await run(gateway, 'sink', 'show', 'webhook', '--json')) as Sink;

  const url = ['--set', `url=${receiver.url}`];
  const refused = await archway(gateway, 'sink', 'add', 'webhook', ...url, '--set', `secret=${testSecret}`);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('set allowPrivate=true');
  const ownNetwork = ['--set', 'allowPrivate=true'];
  await run(gateway, 'sink', 'add', 'webhook', ...url, '--set', `secret=${testSecret}`, ...ownNetwork);
  await say(1);
  await settled(gateway);
  expect(receiver.posted.map((each) => textOf(each, testSecret))).toEqual(['Number 1']);

  await run(gateway, 'sink', 'pause', 'webhook');
  await say(2);
  await until(async () => (await sink()).lagSeconds > 0, 60_000, 'No lag is seen');
  expect(await sink()).toMatchObject({ state: 'paused', waiting: 1, delivered: 1 });
  const secrets = ['--set', `secret=${otherSecret}`, '--set', `previousSecret=${testSecret}`];
  await run(gateway, 'sink', 'set', 'webhook', ...secrets);
  expect((await sink()).waiting, 'a change of settings does not end the pause of an operator').toBe(1);
  await run(gateway, 'sink', 'resume', 'webhook');
  await settled(gateway);
  const second = receiver.posted[1] as Posted;
  expect([textOf(second, otherSecret), textOf(second, testSecret)]).toEqual(['Number 2', 'Number 2']);
  const { deliveredPerMinute, ...figures } = await sink();
  expect(figures).toMatchObject({ state: 'open', waiting: 0, lagSeconds: 0, delivered: 2 });
  expect(deliveredPerMinute).toBeGreaterThan(0);

  await run(gateway, 'sink', 'set', 'webhook', '--set', 'previousSecret=');
  await say(3);
  await settled(gateway);
  expect(textOf(receiver.posted[2] as Posted, otherSecret)).toBe('Number 3');
  expect(() => textOf(receiver.posted[2] as Posted, testSecret)).toThrow('No matching signature');
  const shown = (await run(gateway, 'sink', 'show', 'webhook')) + gateway.log + gateway.output;
  for (const secret of [testSecret, otherSecret]) expect(shown).not.toContain(secret.slice('whsec_'.length));
  await gateway.stop();
});
