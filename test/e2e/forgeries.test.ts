import { expect, it } from 'vitest';
import { bytes, TestProvider } from '../../src/pipeline/media/testing.js';
import type { Capture, Envelope } from '../../src/sdk/index.js';
import type { ConnectorSubject } from '../../src/testkit/index.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { testEndpoints } from '../support/mms.js';
import { addLine, IncomingCall, make } from '../support/phone-calls.js';
import { post, requestConnectors, startWithAccount } from '../support/request-connectors.js';
import { startTestGateway } from '../support/test-gateway.js';
import { TwilioCalls } from '../support/twilio-calls.js';
import { until } from '../support/until.js';

/** The same request without what only the provider knows, with something else in its place, and changed on its way. */
function forgeriesOf(
  { sign, signatureCovers = ['url', 'body'] }: ConnectorSubject,
  genuine: Capture,
): Capture[] {
  const signed = sign(genuine);
  const proof = Object.keys(signed.headers).filter((name) => !(name in genuine.headers));
  const guessed = Object.fromEntries(proof.map((name) => [name, 'a-guess-of-somebody-else']));
  const emptied = Object.fromEntries(proof.map((name) => [name, '']));
  return [
    genuine,
    { ...signed, headers: { ...signed.headers, ...guessed } },
    { ...signed, headers: { ...signed.headers, ...emptied } },
    ...(signatureCovers.includes('body')
      ? [{ ...signed, body: Buffer.concat([signed.body, Buffer.from('&x=1')]) }]
      : []),
    ...(signatureCovers.includes('url') ? [{ ...signed, url: `${signed.url}?x=1` }] : []),
  ];
}

/** How many requests the metrics count as refused, for every reason. */
async function refusals(gateway: GatewayProcess, connector: string): Promise<number> {
  const headers = { authorization: `Bearer ${await gateway.adminKey()}` };
  const text = await (await fetch(`${gateway.adminUrl}/metrics`, { headers })).text();
  const lines = text
    .split('\n')
    .filter((line) => line.includes('outcome="refused"') && line.includes(`connector="${connector}"`));
  return lines.map((line) => Number(line.split(' ').at(-1))).reduce((sum, count) => sum + count, 0);
}

it.each(requestConnectors)(
  '$name: what is forged is refused at every endpoint, counted and logged, and reaches no record',
  async ({ name, subject }) => {
    const { gateway, id, webhooks, fixtures } = await startWithAccount(name, subject);
    const [fixture] = fixtures;
    const statuses: number[] = [];
    for (const given of Object.values(webhooks)) {
      const url = given.replace(/[?#].*$/, '');
      const genuine = { ...(fixture?.capture as Capture), account: id, url };
      for (const forged of forgeriesOf(subject, genuine)) statuses.push(await post(gateway, forged));
      expect(await post(gateway, subject.sign(genuine)), 'the genuine one is taken').toBeLessThan(300);
    }
    expect(new Set(statuses)).toEqual(new Set([403]));
    expect(await refusals(gateway, name)).toBe(statuses.length);
    const logged = gateway.log.split('\n').filter((line) => line.includes('Refused a webhook request'));
    expect(logged).toHaveLength(statuses.length);
    expect(logged.every((line) => line.includes(id) && /"reason":"(missing|bad)_signature"/.test(line))).toBe(
      true,
    );
    const captured = await gateway.list<Envelope>('/v1/records');
    const captures = new Set(captured.map(({ skeleton }) => skeleton.capture?.id));
    expect(captures.size, 'of the genuine ones alone').toBeLessThanOrEqual(Object.keys(webhooks).length);
    await gateway.stop();
  },
);

it('twilio-voice: a recording is not fetched from where a request says, and that is a gap', async () => {
  await using collector = await TestProvider.start({ '/RE1.wav': bytes('a trap') });
  const twilio = await TwilioCalls.open();
  const gateway = await startTestGateway(testEndpoints);
  const account = await addLine(gateway, twilio);
  const places = [
    collector.url('/RE1.wav'),
    'https://10.0.0.8/RE1.wav',
    'https://169.254.169.254/latest/meta-data',
  ];
  for (const [index, place] of places.entries()) {
    const call = new IncomingCall(account, `call ${index}`);
    await make(gateway, call.beginning);
    const { url, fields } = call.recorded();
    await make(gateway, { url, fields: { ...fields, RecordingUrl: place } });
  }
  const gaps = async () =>
    (await gateway.list<Envelope>('/v1/records')).flatMap(({ content }) =>
      content.kind === 'gap' && content.reason === 'media-unavailable' ? [content.detail] : [],
    );
  await until(async () => (await gaps()).length === places.length);
  for (const detail of await gaps()) expect(detail).toContain('host-not-allowed');
  expect(collector.seen).toEqual([]);
  await gateway.stop();
});
