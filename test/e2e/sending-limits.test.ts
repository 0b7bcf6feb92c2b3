import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/db/client.js';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { addDeskAtTwilio, concluded, requested, uploaded } from '../support/outbound.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk, desk } from '../support/traffic.js';
import { TwilioApi, taken } from '../support/twilio-api.js';

it('keeps each account to its own rate, in the order of the requests', async () => {
  await using api = await TwilioApi.start();
  const arrivals: { text: string; at: number }[] = [];
  api.answer = (seen, response) => {
    arrivals.push({ text: seen.text, at: Date.now() });
    taken(seen, response);
  };
  const gateway = await startTestGateway();
  await addDesk(gateway, { apiBaseUrl: api.url, messagesPerSecond: '0.1' });
  const { accountSid, authToken, number } = desk;
  await gateway.call('POST', '/v1/accounts', {
    connector: 'twilio-sms',
    name: 'quick',
    settings: { accountSid, authToken, numbers: number, apiBaseUrl: api.url, messagesPerSecond: '100' },
  });
  const slow = ['slow 1', 'slow 2'];
  const ids: string[] = [];
  for (const text of slow) ids.push(await requested(gateway, { text }));
  for (const text of ['quick 1', 'quick 2']) ids.push(await requested(gateway, { account: 'quick', text }));
  for (const id of ids) expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
  const texts = arrivals.map(({ text }) => text);
  expect(texts.filter((text) => text.startsWith('slow'))).toEqual(slow);
  expect(texts.indexOf('quick 2'), 'the quick account does not wait for the slow one').toBeLessThan(
    texts.indexOf('slow 2'),
  );
  const [first, second] = arrivals.filter(({ text }) => text.startsWith('slow'));
  // Ten seconds, but for what the way to the stand-in may have taken the first one.
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(5_000);
});

it('gives each attachment a path of its own, which is logged when it is used and ends with its time', async () => {
  await using api = await TwilioApi.start();
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl });
  await addDeskAtTwilio(gateway, api);
  const upload = await uploaded(gateway, Buffer.from('a picture'), 'image/png');
  const other = await uploaded(gateway, Buffer.from('a document'), 'application/pdf');
  const media = [{ id: upload.id }, { id: other.id }];
  const ids = [await requested(gateway, { media }), await requested(gateway, { media })];
  for (const id of ids) await concluded(gateway, id);
  const paths = api.seen.flatMap(({ mediaUrls }) => mediaUrls.map((url) => new URL(url).pathname));
  expect(new Set(paths).size, 'no two are equal, also for one file in two messages').toBe(4);
  for (const path of paths) expect(path).toMatch(/^\/media\/[A-Za-z0-9_-]{43}$/);
  const get = async (path: string) => {
    const response = await fetch(`${gateway.webhookBase}${path}`);
    return `${response.status} ${response.ok ? await response.text() : ''}`.trim();
  };
  expect(await Promise.all(paths.map(get))).toEqual([
    ...['200 a picture', '200 a document'],
    ...['200 a picture', '200 a document'],
  ]);
  const logged = gateway.log.split('\n').filter((line) => line.includes('was fetched'));
  expect(logged).toHaveLength(4);
  for (const id of ids) expect(logged.filter((line) => line.includes(id))).toHaveLength(2);
  for (const path of paths) expect(gateway.log, 'the log opens nothing').not.toContain(path.slice(7));
  expect(await get(`${paths[0]}x`)).toBe('404');
  expect(await get('/media/')).toBe('404');
  expect(await get(`/media/${upload.id}`)).toBe('404');

  await gateway.stop();
  const database = await openDatabase(
    databaseUrl === undefined
      ? { kind: 'embedded', directory: join(gateway.dataDirectory, 'database') }
      : { kind: 'postgres', url: databaseUrl },
  );
  const [link] = await database.sql<{ minutes: number }[]>`
    select max(extract(epoch from expires_at - now()) / 60)::int as minutes from media_links`;
  expect(link?.minutes).toBeLessThanOrEqual(240);
  await database.sql`update media_links set expires_at = now() - interval '1 second'`;
  await database.close();
  await gateway.start();
  expect(await Promise.all(paths.map(get))).toEqual(['404', '404', '404', '404']);
});
