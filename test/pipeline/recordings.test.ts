import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { insertCaptures } from '../../src/db/inbox.js';
import { claimSearches } from '../../src/db/recording-searches.js';
import { sealCapture } from '../../src/domain/captures.js';
import { RecordingFinder } from '../../src/pipeline/recordings/recording-finder.js';
import { type Connector, type EndedCall, Failure, type Listed } from '../../src/sdk/index.js';
import { answeredStory, voicemailStory } from '../support/call-story.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { scriptedConnector } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

type Recordings = NonNullable<Connector['recordings']>;
type Event = Record<string, unknown>;

const isRecording = ({ kind }: Event) => kind === 'recording';
const withoutRecording = (story: Event[]) => story.filter((event) => !isRecording(event));
const recordingOf = (story: Event[]) => story.filter(isRecording);
const said = (events: Event[]) => JSON.stringify({ kind: 'events', events });

function listed(events: Event[]): Listed {
  return {
    endpoint: 'listed',
    method: 'GET',
    url: 'https://acme.test/',
    headers: {},
    body: Buffer.from(said(events)),
  };
}

interface Given {
  readonly recordings?: Recordings;
  readonly recordsCalls?: () => boolean;
}

function open(given: Given = {}): Promise<World> {
  const { recordings, recordsCalls = () => true } = given;
  const connector = { ...scriptedConnector(), recordsCalls, ...(recordings && { recordings }) };
  return World.open(test.database, { connector });
}

async function tell(world: World, events: Event[]): Promise<void> {
  await world.receive(said(events));
  await world.normalise();
}

const searches = (world: World) =>
  test.database.sql<{ state: string; attempts: number; failure: string | null; due: boolean }[]>`
    select state, attempts, failure, due_at <= now() as due from recording_searches
    where instance_id = ${world.tenant.id}`;

const isDue = ({ state, due }: { state: string; due: boolean }) => state !== 'missing' && due;

/** Lets a node look at everything that is on the list, as if its time had come. */
async function turn(world: World, node = world.node): Promise<void> {
  await test.database.sql`
    update recording_searches set due_at = now() where instance_id = ${world.tenant.id}`;
  const accept: ConstructorParameters<typeof RecordingFinder>[0]['ingest']['accept'] = async (
    vault,
    capture,
  ) => {
    const row = sealCapture(vault, newId(), capture);
    await insertCaptures(test.database, [row]);
    return row.id;
  };
  const finder = new RecordingFinder({ ...world, node, ingest: { accept } });
  const normaliser = world.normaliser();
  normaliser.start();
  await finder.start();
  await until(async () => !(await searches(world)).some(isDue));
  await finder.stop();
  await normaliser.stop();
  await world.normalise();
}

const kinds = async (world: World, wanted: string) =>
  (await world.envelopes()).flatMap(({ content }) => (content.kind === wanted ? [content] : []));

const keyOf = (content: object | undefined) => (content as { key: string } | undefined)?.key;

describe('a call that is recorded', () => {
  it('is looked after until its recording is there', async () => {
    const world = await open();
    await tell(world, withoutRecording(answeredStory('a')));
    expect(await searches(world)).toMatchObject([{ state: 'waiting', attempts: 0, due: false }]);
    await tell(world, recordingOf(answeredStory('a')));
    expect(await searches(world)).toEqual([]);
    expect(await kinds(world, 'gap')).toEqual([]);
  });

  it.each([
    [
      'nobody took it',
      voicemailStory('v').filter(({ status }) => status !== 'completed' || !isRecording),
      true,
    ],
    ['it goes on', answeredStory('g').slice(0, 6), true],
    ['its account records none', withoutRecording(answeredStory('n')), false],
  ])('or not, is not looked after when %s', async (_, story, isRecorded) => {
    const world = await open({ recordsCalls: () => isRecorded });
    await tell(world, withoutRecording(story));
    expect(await searches(world)).toEqual([]);
  });

  it('and whose recording the provider does not have is complete', async () => {
    const world = await open();
    const [recording] = recordingOf(answeredStory('x'));
    await tell(world, [
      ...withoutRecording(answeredStory('x')),
      { ...recording, key: 'recording/x/absent', status: 'absent', attachments: [] },
    ]);
    expect(await searches(world)).toEqual([]);
  });

  it('is looked after where one was announced, whatever the settings say', async () => {
    const world = await open({ recordsCalls: () => false });
    const story = voicemailStory('v');
    const [left] = recordingOf(story);
    const announced = { ...left, key: 'recording/v/in-progress', status: 'in-progress', attachments: [] };
    await tell(world, [...withoutRecording(story), announced]);
    expect(await searches(world)).toMatchObject([{ state: 'waiting' }]);
  });
});

describe('a recording that has not come', () => {
  it('is asked for at the provider, by every leg, and recorded as listed', async () => {
    const asked: EndedCall[] = [];
    const world = await open({
      async *recordings(call) {
        asked.push(call);
        yield listed(recordingOf(answeredStory('a')));
      },
    });
    const story = withoutRecording(answeredStory('a'));
    await tell(world, [{ ...story[0], provider: { CallSid: 'CA1' } }, ...story.slice(1)]);
    await turn(world);
    expect(asked).toMatchObject([{ direction: 'inbound' }]);
    expect(asked[0]?.legs).toContainEqual({ key: 'call/a', provider: { CallSid: 'CA1' } });
    expect(asked[0]?.legs.map(({ key }) => key).sort()).toEqual(['call/a', 'call/a-1', 'call/a-2']);
    expect(await searches(world)).toEqual([]);
    const [recording] = (await world.envelopes()).filter(({ content }) => content.kind === 'recording');
    expect(recording?.skeleton.provenance).toBe('reconciled');
  });

  it('is asked for again for more than a day, is then a gap, and closes it when it comes after all', async () => {
    let asked = 0;
    const world = await open({
      async *recordings() {
        yield* [];
        asked += 1;
        if (asked === 2) throw new Failure('auth', 'The provider does not know us.');
        if (asked === 3) throw new Error('A fault in the plugin.');
      },
    });
    await tell(world, withoutRecording(answeredStory('a')));
    await turn(world);
    expect(await searches(world)).toMatchObject([{ state: 'waiting', attempts: 1, due: false }]);
    await turn(world);
    expect(await searches(world)).toMatchObject([{ attempts: 2, failure: 'The provider does not know us.' }]);
    while ((await searches(world)).some(({ state }) => state === 'waiting')) await turn(world);
    expect(asked).toBe(8);
    const [opened] = await kinds(world, 'gap');
    expect(opened).toMatchObject({
      state: 'open',
      reason: 'recording-missing',
      about: 'call/a',
      channel: 'voice',
    });
    await turn(world);
    expect(asked).toBe(8);

    await tell(world, recordingOf(answeredStory('a')));
    await turn(world);
    expect(await kinds(world, 'gap')).toMatchObject([
      { state: 'open' },
      { state: 'closed', about: keyOf(opened) },
    ]);
    expect(await searches(world)).toEqual([]);
  });

  it('is a gap at once where nobody can be asked, or the provider will not say', async () => {
    const refusing: Recordings = async function* () {
      yield* [];
      throw new Failure('rejected', 'There is no such call.');
    };
    for (const given of [{}, { recordings: refusing }]) {
      const world = await open(given);
      await tell(world, withoutRecording(answeredStory('a')));
      await turn(world);
      expect(await kinds(world, 'gap')).toMatchObject([{ state: 'open', reason: 'recording-missing' }]);
    }
  });

  it('is asked for by one node at a time, and by the next one when that has died', async () => {
    let asked = 0;
    const world = await open({
      async *recordings() {
        asked += 1;
        yield listed(recordingOf(answeredStory('a')));
      },
    });
    await tell(world, withoutRecording(answeredStory('a')));
    await test.database.sql`
      update recording_searches set due_at = now() where instance_id = ${world.tenant.id}`;
    const claim = {
      ...{ accountIds: [world.account.id], active: [], limit: 10, leaseMs: 60_000 },
      holder: newId(),
    };
    expect(await claimSearches(test.database.orm, claim)).toHaveLength(1);
    expect(await claimSearches(test.database.orm, { ...claim, holder: newId() })).toEqual([]);
    await test.database.sql`
      update recording_searches set leased_until = now() - interval '1 second'
      where instance_id = ${world.tenant.id}`;
    await turn(world, newId());
    expect(asked).toBe(1);
    expect(await searches(world)).toEqual([]);
  });

  it('is taken up again by its node after a restart', async () => {
    const world = await open({
      async *recordings() {
        yield listed(recordingOf(answeredStory('a')));
      },
    });
    await tell(world, withoutRecording(answeredStory('a')));
    await test.database.sql`
      update recording_searches set due_at = now() where instance_id = ${world.tenant.id}`;
    const died = { ...{ accountIds: [world.account.id], active: [], limit: 10 }, leaseMs: 3_600_000 };
    await claimSearches(test.database.orm, { ...died, holder: world.node });
    await turn(world);
    expect(await searches(world)).toEqual([]);
  });
});
