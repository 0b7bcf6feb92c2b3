import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBackupHead } from '../../src/domain/backup/index.js';
import type { Envelope } from '../../src/sdk/index.js';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { settled } from '../crash/support/kept.js';
import { clients, keepAndPost, reconciled, sidOf } from '../support/catching-up.js';
import { GatewayProcess, until } from '../support/gateway-process.js';
import { letPass } from '../support/hours-ago.js';
import { addDeskAtTwilio, concluded, type Outbound, requested } from '../support/outbound.js';
import { addDesk, send, signedForm, smsFields } from '../support/traffic.js';
import { keeping, refusing, TwilioApi, taken } from '../support/twilio-api.js';
import { TwilioList } from '../support/twilio-list.js';
import { BotApiServer } from '../telegram/bot-api-server.js';
import { backUp, emptyPlace, expectDone, restore, shelf } from './support/backups.js';

const minute = 60_000;
const [client] = clients;

interface Moved {
  readonly restored: GatewayProcess;
  readonly databaseUrl: string | undefined;
  readonly file: string;
}

/** A backup, then what `meanwhile` does, the end of the old gateway, and a restore, not started yet. */
async function move(
  original: GatewayProcess,
  originalUrl: string | undefined,
  meanwhile: () => Promise<void>,
): Promise<Moved> {
  const file = join(await shelf(), 'backup.tar');
  await backUp(original, file, originalUrl);
  await meanwhile();
  await original.killNow();
  const databaseUrl = await freshDatabaseUrl();
  const restored = await emptyPlace(original, databaseUrl);
  expectDone(await restore(restored, file, databaseUrl));
  return { restored, databaseUrl, file };
}

const messagesOf = async (gateway: GatewayProcess) =>
  (await gateway.list<Envelope>('/v1/records')).flatMap(({ skeleton, content }) =>
    content?.kind === 'message' ? [{ text: content.text, provenance: skeleton.provenance }] : [],
  );
const gapsOf = async (gateway: GatewayProcess) =>
  (await gateway.list<Envelope>('/v1/records')).flatMap(({ content }) =>
    content?.kind === 'gap' ? [content] : [],
  );

test(
  'what came in after the backup is asked for again, from its beginning on',
  { timeout: 120_000 },
  async () => {
    const originalUrl = await freshDatabaseUrl();
    const original = await GatewayProcess.start({ databaseUrl: originalUrl });
    const twilio = await TwilioList.open();
    const account = await addDesk(original, { apiBaseUrl: twilio.url });
    await keepAndPost(original, twilio, account);
    const { restored, databaseUrl, file } = await move(original, originalUrl, async () => {
      for (const number of [1, 2]) {
        const message = { sid: sidOf(number), from: client, text: `Number ${number}` };
        twilio.keep({ sid: message.sid, from: client, body: message.text, sentAt: new Date() });
        const body = new URLSearchParams(smsFields(message)).toString();
        expect((await send(original.webhookBase, signedForm(account, body))).status).toBe(200);
      }
      await settled(original);
    });
    await letPass(restored, 60, databaseUrl);
    await restored.start();
    const [report, ...others] = await reconciled(restored);
    expect(others).toEqual([]);
    const startedAt = Date.parse((await readBackupHead(file)).startedAt);
    expect(report).toMatchObject({ cause: 'start', observed: 3, recorded: 1, missing: 2, late: 0 });
    const beforeTheBackup = startedAt - Date.parse(report?.since ?? '');
    expect(beforeTheBackup, 'an hour has passed, and five minutes are added').toBeGreaterThanOrEqual(
      65 * minute,
    );
    expect(beforeTheBackup, 'the door is written down every few seconds').toBeLessThan(66 * minute);
    expect(await messagesOf(restored)).toEqual([
      { text: 'Before the outage', provenance: 'webhook' },
      { text: 'Number 1', provenance: 'reconciled' },
      { text: 'Number 2', provenance: 'reconciled' },
    ]);
    expect(await gapsOf(restored)).toMatchObject([{ state: 'open', reason: 'outage' }, { state: 'closed' }]);
  },
);

describe('a message that waited to be sent when the backup was made', () => {
  /** The old gateway sends it after the backup, and the new one has it as not sent yet. */
  async function sentSince(api: TwilioApi, answer: TwilioApi['answer'] = taken) {
    const originalUrl = await freshDatabaseUrl();
    const original = await GatewayProcess.start({ databaseUrl: originalUrl });
    await addDeskAtTwilio(original, api);
    api.answer = refusing(429, 20429);
    const id = await requested(original);
    await until(async () => api.seen.length > 0, 60_000, 'Nothing was tried');
    const { restored } = await move(original, originalUrl, async () => {
      api.answer = answer;
      expect(await concluded(original, id)).toMatchObject({ state: 'accepted' });
    });
    const tries = api.seen.length;
    await restored.start();
    const found = await concluded(restored, id);
    return { restored, id, tries, found };
  }

  test('is not sent again: a person decides', { timeout: 120_000 }, async () => {
    await using api = await TwilioApi.start();
    const { restored, id, tries, found } = await sentSince(api);
    expect(found).toMatchObject({ state: 'indeterminate' });
    expect(found.explanation).toContain('backup was restored');
    const later = await requested(restored, { text: 'A new one.' });
    expect(await concluded(restored, later)).toMatchObject({ state: 'accepted' });
    expect(api.seen.slice(tries)).toHaveLength(1);
    const path = `/v1/outbound/${id}/resolve`;
    await restored.call<Outbound>('POST', path, { outcome: 'sent' });
    expect(await concluded(restored, id)).toMatchObject({ state: 'accepted', reason: 'resolved' });
  });

  test('is one message when the provider lists it', { timeout: 120_000 }, async () => {
    await using api = await TwilioApi.start();
    api.lists = await TwilioList.open();
    const { restored, id } = await sentSince(api, keeping(api.lists, taken));
    await reconciled(restored);
    expect(await concluded(restored, id)).toMatchObject({ state: 'accepted', reason: 'listed' });
    expect(await messagesOf(restored)).toHaveLength(1);
  });
});

test(
  'a session whose state is older than what its provider knows goes on, and the gap says what is not there',
  {
    timeout: 120_000,
  },
  async () => {
    const token = '5550100:AAmadeUpTokenForTests-0123456789abcdef';
    const originalUrl = await freshDatabaseUrl();
    const original = await GatewayProcess.start({ databaseUrl: originalUrl });
    const api = await BotApiServer.start(token);
    const settings = { token, apiBaseUrl: api.url, mode: 'polling' };
    await original.call('POST', '/v1/accounts', { connector: 'telegram', name: 'bot', settings });
    const heard = async (gateway: GatewayProcess, last: string) =>
      until(
        async () => (await messagesOf(gateway)).some(({ text }) => text === last),
        60_000,
        `${last} was not recorded`,
      );
    api.say('before');
    await heard(original, 'before');
    const { restored, databaseUrl } = await move(original, originalUrl, async () => {
      api.say('meanwhile');
      await heard(original, 'meanwhile');
    });
    await letPass(restored, 60, databaseUrl);
    await restored.start();
    api.say('after');
    await heard(restored, 'after');
    expect((await messagesOf(restored)).map(({ text }) => text)).toEqual(['before', 'after']);
    expect(await gapsOf(restored)).toMatchObject([
      { state: 'open', reason: 'outage', detail: expect.stringContaining('backup that was restored') },
    ]);
  },
);
