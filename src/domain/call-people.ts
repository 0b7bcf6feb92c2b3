import { type CallFactRow, readFactsAround } from '../db/calls.js';
import type { Queries } from '../db/client.js';
import { readRecordsById } from '../db/journal.js';
import { byWeight, type ToldLeg } from './call-parties.js';
import { firstParties, type Parties, partiesIn } from './people.js';
import { openContent } from './records.js';
import type { Tenant } from './tenants.js';

/** By leg, whose the call is that it belongs to: what counts more stands before what counts less. */
export async function readPeopleOfLegs(
  queries: Queries,
  tenant: Tenant,
  legIds: readonly string[],
): Promise<Map<string, Parties>> {
  if (legIds.length === 0) return new Map();
  const facts = await readFactsAround(queries, tenant.id, [...new Set(legIds)]);
  const told = await readTold(queries, tenant, facts);
  const ofCalls = new Map(
    facts.map(({ callId }) => {
      const mine = byWeight(told.filter((each) => each.callId === callId));
      return [callId, firstParties(mine.map(({ event }) => partiesIn(event)))];
    }),
  );
  return new Map(facts.map(({ legId, callId }) => [legId, ofCalls.get(callId) ?? {}]));
}

async function readTold(
  queries: Queries,
  tenant: Tenant,
  facts: readonly CallFactRow[],
): Promise<(ToldLeg & { readonly callId: string })[]> {
  const records = await readRecordsById(
    queries,
    facts.map(({ recordId }) => recordId),
  );
  return facts.flatMap(({ recordId, legId, callId }) => {
    const record = records.get(recordId);
    if (record === undefined || record.sealedContent === null) return [];
    const { content: event } = openContent(tenant.vault, record);
    return event.kind === 'call' ? [{ event, isFirst: legId === callId, callId }] : [];
  });
}
