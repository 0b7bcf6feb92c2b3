import { expect } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { archiveFiles, expectJournalWhole, settled } from '../crash/support/kept.js';
import { GatewayProcess, until } from './gateway-process.js';
import { changeAtRest } from './hours-ago.js';
import { testEndpoints } from './mms.js';
import { addLine, IncomingCall, make } from './phone-calls.js';
import { TwilioCalls } from './twilio-calls.js';

interface Logged {
  readonly recordings: readonly { readonly state: string }[];
}

/** A gateway that is stopped, and that will look for the recording of a call at once: the report of it never came. */
export class RecordingSearch {
  private constructor(
    readonly gateway: GatewayProcess,
    readonly twilio: TwilioCalls,
    readonly call: IncomingCall,
    readonly databaseUrl: string | undefined,
  ) {}

  static async begin(databaseUrl: string | undefined): Promise<RecordingSearch> {
    const twilio = await TwilioCalls.open();
    const environment = { ...testEndpoints, CRASH_ARMED: '1' };
    const gateway = await GatewayProcess.start({ databaseUrl, environment });
    const call = new IncomingCall(await addLine(gateway, twilio));
    const { body: twiml } = await make(gateway, call.beginning);
    for (const report of call.reports(twiml).slice(0, -1)) await make(gateway, report);
    await settled(gateway);
    await gateway.stop();
    const search = new RecordingSearch(gateway, twilio, call, databaseUrl);
    await search.#change(0);
    return search;
  }

  /** The next question is the last one. */
  async exhaust(): Promise<void> {
    await this.#change(7);
  }

  /** The states of the gap of the recording, in the order of the journal. */
  async gaps(): Promise<string[]> {
    return (await this.#records()).flatMap(({ content }) =>
      content.kind === 'gap' && content.reason === 'recording-missing' ? [content.state] : [],
    );
  }

  async untilGaps(states: readonly string[]): Promise<void> {
    const wanted = states.join();
    await until(async () => (await this.gaps()).join() === wanted, 60_000, `The gap is not ${wanted}`);
  }

  /** The recording is there once, with its sound, by this way; and each record is in the archive. */
  async expectKept(ways: readonly string[]): Promise<void> {
    const stored = async () => {
      const calls = await this.gateway.list<Logged>('/v1/calls');
      return (
        calls.map(({ recordings }) => recordings.map(({ state }) => state).join()).join(' ') === 'stored'
      );
    };
    await until(stored, 60_000, 'The recording was not kept');
    await settled(this.gateway);
    const records = await this.#records();
    expectJournalWhole(records);
    const completed = records.filter(
      ({ content }) => content.kind === 'recording' && content.status === 'completed',
    );
    expect(completed.map(({ skeleton }) => skeleton.provenance)).toEqual(ways);
    expect(await archiveFiles(this.gateway)).toHaveLength(records.length);
  }

  #records(): Promise<Envelope[]> {
    return this.gateway.list<Envelope>('/v1/records');
  }

  async #change(attempts: number): Promise<void> {
    await changeAtRest(this.gateway, this.databaseUrl, async ({ sql }) => {
      const changed =
        await sql`update recording_searches set due_at = now(), attempts = ${attempts} returning call_id`;
      expect(changed).toHaveLength(1);
    });
  }
}
