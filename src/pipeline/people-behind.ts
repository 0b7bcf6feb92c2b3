import type { Queries } from '../db/client.js';
import { readPeopleOfLegs } from '../domain/call-people.js';
import { firstParties, type Parties, partiesIn } from '../domain/people.js';
import { openContent } from '../domain/records.js';
import type { Tenant } from '../domain/tenants.js';
import type { Draft } from './draft.js';
import type { KnownEvents } from './known-events.js';

/**
 * Whom the things concern that records are about. The bytes of an attachment, a gap or a recording name nobody, and a
 * reaction only one of two: they concern the people of their message or call, as these were when that was recorded.
 */
export class PeopleBehind {
  readonly #tenant: Tenant;
  readonly #known: KnownEvents;
  /** Of records that join the journal in this transaction, by event key. */
  readonly #fresh = new Map<string, Parties>();
  /** Of calls, by each of their legs. */
  readonly #byLeg: Map<string, Parties>;

  private constructor(tenant: Tenant, known: KnownEvents, byLeg: Map<string, Parties>) {
    this.#tenant = tenant;
    this.#known = known;
    this.#byLeg = byLeg;
  }

  static async find(
    queries: Queries,
    tenant: Tenant,
    drafts: readonly Draft[],
    known: KnownEvents,
  ): Promise<PeopleBehind> {
    return new PeopleBehind(tenant, known, await readPeopleOfLegs(queries, tenant, drafts.flatMap(legsOf)));
  }

  readonly of = (draft: Draft): Parties => {
    const legs = legsOf(draft).map((leg) => this.#byLeg.get(leg) ?? {});
    return firstParties([this.#ofRecord(draft.aboutKey), ...legs]);
  };

  /** MUST be told of every record, in the order of the journal. */
  add(draft: Draft, parties: Parties): void {
    this.#fresh.set(draft.eventKey, parties);
    if (draft.kind !== 'call') return;
    for (const leg of legsOf(draft)) {
      this.#byLeg.set(leg, firstParties([this.#byLeg.get(leg) ?? {}, parties]));
    }
  }

  #ofRecord(eventKey: string | undefined): Parties {
    if (eventKey === undefined) return {};
    const record = this.#known.record(eventKey);
    if (record === undefined) return this.#fresh.get(eventKey) ?? {};
    // Nobody is left in what was erased.
    return record.sealedContent === null ? {} : partiesIn(openContent(this.#tenant.vault, record).content);
  }
}

/** The legs of a call that it may tell of; a leg has no record of its own that could be found by its name. */
function legsOf({ kind, eventKey, aboutKey, parentKey }: Draft): string[] {
  if (kind === 'call') return [aboutKey ?? eventKey, ...(parentKey === undefined ? [] : [parentKey])];
  return (kind === 'recording' || kind === 'gap') && aboutKey !== undefined ? [aboutKey] : [];
}
