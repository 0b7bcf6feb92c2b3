import { newId } from '../core/ids.js';
import { findCustodiansByLeg } from '../db/calls.js';
import type { Queries } from '../db/client.js';
import type { NewDelivery } from '../db/delivery-queue.js';
import { findCustodiansByConversation, findCustodiansByEvent } from '../db/journal.js';
import type { SinkRow } from '../db/sinks.js';
import { addressId } from '../domain/addresses.js';
import { resolvePeople } from '../domain/people.js';
import { takes } from '../domain/sink-filter.js';
import type { Tenant } from '../domain/tenants.js';
import type { Entry } from './entry.js';

export interface Routed {
  readonly deliveries: NewDelivery[];
  /** Sinks whose filter left a record out: one id for each record. */
  readonly leftOut: string[];
  /** Records that no sink takes. They stand in the journal all the same. */
  readonly unmatched: number;
}

/** Which record goes to which sink. */
export function route(sinks: readonly SinkRow[], entries: readonly Entry[]): Routed {
  const deliveries: NewDelivery[] = [];
  const leftOut: string[] = [];
  const matched = new Set<string>();
  for (const { id: sinkId, filter } of sinks) {
    for (const { record, source, lane } of entries) {
      const { id: recordId, instanceId, sequence, kind, custodianIds = [] } = record;
      const { connector } = source.origin;
      if (!takes(filter, { connector, kind, custodians: custodianIds })) {
        leftOut.push(sinkId);
        continue;
      }
      matched.add(recordId);
      const state = 'pending' as const;
      deliveries.push({
        id: newId(),
        instanceId,
        sinkId,
        recordId,
        sequence,
        lane,
        state,
        changedAt: new Date(),
      });
    }
  }
  return { deliveries, leftOut, unmatched: entries.length - matched.size };
}

/**
 * Finds out whose records these are, where a sink asks for it. What is about another record belongs to whom that belongs
 * to, so that a receipt goes where its message went. Otherwise the custodians among the parties count; without one those of
 * the call, where it is about one; without that the one whom the record names all the same; without that those of the
 * conversation's last message; without that those of the account's own addresses, since a gap concerns all of them.
 */
export async function withCustodians(
  tx: Queries,
  tenant: Tenant,
  sinks: readonly SinkRow[],
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  if (sinks.every(({ filter }) => filter?.custodians === undefined)) return entries;
  const aboutKeys = entries.flatMap(({ record }) => record.aboutKey ?? []);
  const byEvent = await findCustodiansByEvent(tx, tenant.id, aboutKeys);
  const byLeg = await findCustodiansByLeg(tx, tenant.id, aboutKeys);
  const anonymous = entries.filter(({ record }) => custodiansOf({ record }).length === 0);
  const conversations = anonymous.flatMap(({ record }) => record.conversationId ?? []);
  const byConversation = await findCustodiansByConversation(tx, tenant.id, conversations);
  const byAccount = await custodiansByAccount(tx, tenant, anonymous);
  return entries.map((entry) => {
    const { aboutKey, conversationId, accountId, eventKey, kind } = entry.record;
    const own = custodiansOf(entry);
    const candidates = [
      byEvent.get(aboutKey ?? ''),
      own,
      byLeg.get(aboutKey ?? ''),
      entry.parties.custodian && [entry.parties.custodian.id],
      byConversation.get(conversationId ?? ''),
      byAccount.get(accountId ?? ''),
    ];
    const custodianIds = candidates.find((each) => each !== undefined && each.length > 0) ?? [];
    byEvent.set(eventKey, custodianIds);
    if (kind === 'call' && aboutKey && own.length > 0) byLeg.set(aboutKey, own);
    if (conversationId) byConversation.set(conversationId, custodianIds);
    return { ...entry, record: { ...entry.record, custodianIds } };
  });
}

function custodiansOf({ record }: Pick<Entry, 'record'>): string[] {
  return record.custodianIds ?? [];
}

async function custodiansByAccount(
  tx: Queries,
  tenant: Tenant,
  entries: readonly Entry[],
): Promise<Map<string, string[]>> {
  const addresses = new Map(
    entries.map(({ record, source }) => [record.accountId ?? '', source.account?.ownAddresses ?? []]),
  );
  const idsOf = (own: readonly string[]) => own.map((address) => addressId(tenant.vault, address));
  const ids = [...new Set([...addresses.values()].flatMap(idsOf))];
  const resolve = await resolvePeople(tx, tenant, ids);
  const now = new Date();
  return new Map(
    [...addresses].map(([accountId, own]) => {
      const found = idsOf(own).flatMap((id) => resolve(id, now) ?? []);
      const custodians = found.filter(({ role }) => role === 'custodian');
      return [accountId, [...new Set(custodians.map(({ id }) => id))]];
    }),
  );
}
