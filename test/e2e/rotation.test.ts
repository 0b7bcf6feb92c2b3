import { expect, it } from 'vitest';
import { captureOf, sign } from '../../connectors/twilio-sms/testing.js';
import { archway } from '../support/command-line.js';
import { publicUrl } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk, desk, send, smsFields } from '../support/traffic.js';

const nextToken = 'b3f1c07e5d2a49c68e17f0a4d95b6c21';

it('takes both tokens while an account is rotated, and the old one no longer when it is over', async () => {
  const gateway = await startTestGateway();
  const account = await addDesk(gateway);
  const path = `/webhooks/${account}/messages`;
  let sent = 0;
  const statusFor = async (token: string) => {
    sent += 1;
    const sid = `SM${String(sent).padStart(32, '0')}`;
    const form = new URLSearchParams(smsFields({ sid, from: '+12025550171', text: `Message ${sent}` }));
    const { headers, body } = sign(
      { ...captureOf('messages', form.toString()), url: publicUrl + path },
      token,
    );
    return (await send(gateway.webhookBase, { path, headers: { ...headers }, body })).status;
  };
  const set = async (...settings: string[]) => {
    const { code, stderr } = await archway(
      gateway,
      'account',
      'set',
      'desk',
      ...settings.flatMap((each) => ['--set', each]),
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
  };

  expect([await statusFor(desk.authToken), await statusFor(nextToken)]).toEqual([200, 403]);
  await set(`authToken=${nextToken}`, `previousAuthToken=${desk.authToken}`);
  expect([await statusFor(desk.authToken), await statusFor(nextToken)]).toEqual([200, 200]);
  await set('previousAuthToken=');
  expect([await statusFor(desk.authToken), await statusFor(nextToken)]).toEqual([403, 200]);
  await gateway.stop();
});
