import { type CallRow, readCall, readFacts } from '../../db/calls.js';
import type { Queries } from '../../db/client.js';
import { readRecordsById } from '../../db/journal.js';
import { byWeight } from '../../domain/call-parties.js';
import { openContent } from '../../domain/records.js';
import type { Tenant } from '../../domain/tenants.js';
import type { CallEvent, CallLeg, EndedCall } from '../../sdk/index.js';

/** A call as its connector is asked about it, and as a gap about it is named. */
export interface WantedCall {
  readonly row: CallRow;
  readonly call: EndedCall;
  readonly about: { readonly key: string; readonly channel: string; readonly conversation?: string };
}

/** Undefined when the call is not there any more, or its content was erased, so that nobody wants its recording. */
export async function readWanted(
  queries: Queries,
  tenant: Tenant,
  callId: string,
): Promise<WantedCall | undefined> {
  const row = await readCall(queries, tenant.id, callId);
  if (row === undefined) return undefined;
  const facts = await readFacts(queries, tenant.id, [row.id]);
  const records = await readRecordsById(
    queries,
    facts.map(({ recordId }) => recordId),
  );
  const told = facts.flatMap(({ recordId, legId }) => {
    const record = records.get(recordId);
    if (record === undefined || record.sealedContent === null) return [];
    const { content } = openContent(tenant.vault, record);
    return content.kind === 'call' ? [{ event: content, isFirst: legId === row.id }] : [];
  });
  const events = byWeight(told).map(({ event }) => event);
  const [first] = events;
  if (first === undefined) return undefined;
  const conversation = events.find((event) => event.conversation !== undefined)?.conversation;
  return {
    row,
    call: { legs: legsOf(events), direction: row.direction },
    about: {
      key: first.about ?? first.key,
      channel: first.channel,
      ...(conversation !== undefined && { conversation }),
    },
  };
}

/** By the names that the connector gave them, also where we know one leg by two. */
function legsOf(events: readonly CallEvent[]): CallLeg[] {
  const legs = new Map<string, Record<string, string>>();
  for (const { about, key, provider } of events) {
    const name = about ?? key;
    legs.set(name, { ...legs.get(name), ...provider });
  }
  return [...legs].map(([key, provider]) => ({ key, provider }));
}
