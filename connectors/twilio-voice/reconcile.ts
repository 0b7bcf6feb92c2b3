import { type CallContext, Failure, type Listed, type TimeWindow } from 'archway/sdk';
import { readParty } from '../../providers/twilio/addresses.js';
import {
  blocksOf,
  listedItem,
  pageSize,
  pagesOf,
  secondsOf,
  toSecond,
} from '../../providers/twilio/lists.js';
import { openRestClient, type RestClient } from '../../providers/twilio/rest-client.js';
import { callSchema, type ListedCall, listedCall, listedRecording, recordingSchema } from './listed.js';
import type { VoiceSettings } from './settings.js';

/** Twilio lets a call last four hours, unless it was asked for more: one that began before the window may end in it. */
const callMaxMs = 4 * 60 * 60 * 1_000;

/**
 * Lists the calls of the account's number that lay in a window with all their legs, and then the recordings that were made in
 * it. All of the Twilio account is listed, and what has not our number at either end, nor a parent that has, is left out.
 *
 * @throws {Failure}
 */
export async function* reconcile(
  window: TimeWindow,
  { settings, signal }: CallContext<VoiceSettings>,
): AsyncGenerator<Listed> {
  const client = await openRestClient(settings, signal);
  const calls = new CallList(client, settings);
  yield* calls.list(window);
  yield* listRecordings(client, calls, settings, window);
}

/** The calls of the Twilio account, each asked for at most once by its id. */
class CallList {
  readonly #found = new Map<string, ListedCall | undefined>();

  constructor(
    readonly client: RestClient,
    readonly settings: VoiceSettings,
  ) {}

  async *list(window: TimeWindow): AsyncGenerator<Listed> {
    const path = pathOf(this.settings, 'Calls');
    const parameters = {
      'StartTime>': toSecond(new Date(window.since.getTime() - callMaxMs), Math.floor),
      'StartTime<': toSecond(window.until, Math.ceil),
      PageSize: pageSize,
    };
    for await (const block of blocksOf(pagesOf(this.client, path, 'calls', parameters))) {
      const items = block.reverse().map((item) => ({ item, call: callSchema.safeParse(item).data }));
      for (const { call } of items) if (call !== undefined) this.#found.set(call.sid, call);
      const makers = new Set(items.map(({ call }) => call?.parent_call_sid));
      for (const { item, call } of items) {
        // What has not the form of a call is handed on: its reader says so on record.
        if (call !== undefined && !(isWithin(call, window) && (await this.isOurs(call)))) continue;
        const parent = call?.parent_call_sid ? ((await this.find(call.parent_call_sid)) ?? null) : null;
        const isFetching = call !== undefined && this.#fetchesCustodian(call, makers.has(call.sid));
        yield listedItem(this.client, listedCall, path, { call: item, parent, isFetching });
      }
    }
  }

  /** Whether our number is at an end of the call, or of the call that made it. */
  async isOurs(call: ListedCall): Promise<boolean> {
    const first = call.parent_call_sid ? await this.find(call.parent_call_sid) : call;
    const ends = [call, first].flatMap((each) => [each?.from, each?.to]);
    return ends.some((end) => readParty(end ?? undefined)?.address.value === this.settings.number);
  }

  /** Undefined where Twilio gives nothing that has the form of a call. */
  async find(sid: string): Promise<ListedCall | undefined> {
    if (!this.#found.has(sid)) {
      this.#found.set(sid, callSchema.safeParse(await this.#fetch(sid)).data);
    }
    return this.#found.get(sid);
  }

  async #fetch(sid: string): Promise<unknown> {
    try {
      return await this.client.get(pathOf(this.settings, `Calls/${encodeURIComponent(sid)}`));
    } catch (error) {
      // Deleted at Twilio: an account that is wrong would have failed before, with the list.
      if (error instanceof Failure && error.kind === 'config') return undefined;
      throw error;
    }
  }

  /** Of a call that goes out: the leg that was asked for by the API, and that rang the custodian and dialled on. */
  #fetchesCustodian({ direction, to }: ListedCall, hasDialled: boolean): boolean {
    return direction === 'outbound-api' && (hasDialled || (this.settings.forwardTo ?? []).includes(to ?? ''));
  }
}

async function* listRecordings(
  client: RestClient,
  calls: CallList,
  settings: VoiceSettings,
  window: TimeWindow,
): AsyncGenerator<Listed> {
  const path = pathOf(settings, 'Recordings');
  const parameters = {
    'DateCreated>': toSecond(window.since, Math.floor),
    'DateCreated<': toSecond(window.until, Math.ceil),
    PageSize: pageSize,
  };
  for await (const block of blocksOf(pagesOf(client, path, 'recordings', parameters))) {
    for (const item of block.reverse()) {
      const recording = recordingSchema.safeParse(item).data;
      const call = recording?.call_sid ? await calls.find(recording.call_sid) : undefined;
      if (call !== undefined && !(await calls.isOurs(call))) continue;
      // A recording of a conference has no call; it is none of ours.
      if (recording !== undefined && !recording.call_sid) continue;
      yield listedItem(client, listedRecording, path, item);
    }
  }
}

export function pathOf({ accountSid }: VoiceSettings, resource: string): string {
  return `/2010-04-01/Accounts/${accountSid}/${resource}.json`;
}

/** Twilio's filter is looked at again: its documents promise days only. A call that is not over lasts. */
function isWithin(call: ListedCall, { since, until }: TimeWindow): boolean {
  const start = secondsOf(call.start_time ?? call.date_created);
  const end = secondsOf(call.end_time);
  if (start !== undefined && Date.parse(start) >= until.getTime() + 1_000) return false;
  return end === undefined || Date.parse(end) >= since.getTime() - 1_000;
}
