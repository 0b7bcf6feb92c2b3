import { afterAll, beforeAll, expect, it } from 'vitest';
import { replayQuarantined } from '../../src/db/inbox.js';
import type { Accepted } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { scriptedConnector } from './support/connector.js';
import { ask, outbound, sendAll, sendingConnector, startSending } from './support/sending.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

it('a message whose request could not be put on record is refused, also when that is mended later', async () => {
  const sent: string[] = [];
  const send = async ({ text = '' }: { text?: string | undefined }): Promise<Accepted> => {
    sent.push(text);
    return { providerId: text, aliases: [text] };
  };
  const connector = sendingConnector(scriptedConnector(), send);
  const world = await World.open(test.database, { connector });
  const { orm } = test.database;
  const id = await ask(world, 'Sell at noon');
  const { captureId } = await outbound(world, id);
  const flip = () => test.database.sql`
    update captures set sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1) where id = ${captureId}`;
  await flip();

  const sending = await startSending(world);
  await until(async () => (await outbound(world, id)).state === 'refused');
  expect(await outbound(world, id)).toMatchObject({ reason: 'not-recorded', attempts: 0 });
  await sending.stop();

  await flip();
  await replayQuarantined(orm, { instanceId: world.tenant.id, ids: [captureId] });
  const [next = ''] = await sendAll(world, 'Something else');
  expect(await outbound(world, next)).toMatchObject({ state: 'accepted' });
  expect(sent).toEqual(['Something else']);
  expect(await outbound(world, id)).toMatchObject({ state: 'refused' });
  const statuses = (await world.envelopes()).flatMap(({ content }) =>
    content?.kind === 'receipt' ? [content.status] : content?.kind === 'message' ? [content.text] : [],
  );
  // Whether the refusal or the replayed request is read first is left to chance.
  expect(statuses.sort()).toEqual(['Sell at noon', 'Something else', 'accepted', 'refused']);
});
