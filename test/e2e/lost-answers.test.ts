import { expect, it } from 'vitest';
import type { FailPoint } from '../../src/core/failpoint.js';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { settled } from '../crash/support/kept.js';
import { GatewayProcess, until } from '../support/gateway-process.js';
import { minutesAgo } from '../support/hours-ago.js';
import {
  addDeskAtTwilio,
  concluded,
  type HistoryEntry,
  type Outbound,
  requested,
} from '../support/outbound.js';
import { breaking, keeping, report, TwilioApi, taken } from '../support/twilio-api.js';
import { TwilioList } from '../support/twilio-list.js';

interface Shown {
  readonly status: string;
  readonly history: readonly HistoryEntry[];
}

async function listed(gateway: GatewayProcess): Promise<void> {
  await gateway.call('POST', '/v1/accounts/desk/reconcile', { since: minutesAgo(60).toISOString() });
  const isDone = async () => {
    const rows = await gateway.list<{ state: string }>('/v1/reconciliations');
    return rows.every(({ state }) => state === 'done');
  };
  await until(isDone, 60_000, 'The list was not compared');
  await settled(gateway);
}

/** A gateway that was killed when Twilio had taken the message and the answer was not on record. */
async function killedAt(crashAt: { point: FailPoint }, api: TwilioApi) {
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl, crashAt });
  await addDeskAtTwilio(gateway, api);
  gateway.armFailPoint();
  const id = await requested(gateway);
  await gateway.diedAtFailPoint();
  await gateway.start();
  return { gateway, id };
}

it.each<FailPoint>(['sender:answered', 'sender:before-settle'])(
  'killed at %s, the message is found in the list and stays one message',
  async (point) => {
    await using api = await TwilioApi.start();
    api.lists = await TwilioList.open();
    api.answer = keeping(api.lists, taken);
    const { gateway, id } = await killedAt({ point }, api);
    await concluded(gateway, id);
    await listed(gateway);
    expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', reason: 'listed' });
    expect(await gateway.list('/v1/messages')).toMatchObject([{ status: 'sent' }]);
    expect(api.seen).toHaveLength(1);
    await listed(gateway);
    expect(await gateway.list('/v1/messages'), 'listed again').toHaveLength(1);
    expect(await gateway.list('/v1/quarantine')).toEqual([]);
  },
);

it('killed before the answer, a message that Twilio reports on afterwards was sent', async () => {
  await using api = await TwilioApi.start();
  const twilio = await TwilioList.open();
  api.answer = keeping(twilio, taken);
  const { gateway, id } = await killedAt({ point: 'sender:answered' }, api);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'indeterminate' });
  const [seen] = api.seen;
  await report(gateway, seen as NonNullable<typeof seen>, 'delivered');
  await settled(gateway);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', reason: 'reported' });
  api.lists = twilio;
  await listed(gateway);
  expect(await gateway.list('/v1/messages')).toMatchObject([{ status: 'delivered' }]);
});

it('of two lost answers to the same words nothing is assumed, and both and the listed one are kept', async () => {
  await using api = await TwilioApi.start();
  api.lists = await TwilioList.open();
  api.answer = breaking;
  const databaseUrl = await freshDatabaseUrl();
  const gateway = await GatewayProcess.start({ databaseUrl });
  await addDeskAtTwilio(gateway, api);
  const first = await requested(gateway, { idempotencyKey: 'one' });
  await concluded(gateway, first);
  api.answer = keeping(api.lists, breaking);
  const second = await requested(gateway, { idempotencyKey: 'two' });
  await concluded(gateway, second);
  await listed(gateway);
  const states = (await gateway.list<Outbound>('/v1/outbound')).map(({ state }) => state);
  expect(states).toEqual(['indeterminate', 'indeterminate']);
  const messages = await gateway.list<{ id: string }>('/v1/messages');
  expect(messages).toHaveLength(3);
  const shown = await gateway.call<Shown>('GET', `/v1/messages/${second}`);
  expect(shown.status).toBe('indeterminate');
  // The report settles it after all.
  await report(gateway, api.seen[1] as (typeof api.seen)[1] & object, 'delivered');
  await settled(gateway);
  expect(await concluded(gateway, second)).toMatchObject({ state: 'accepted', reason: 'reported' });
});
