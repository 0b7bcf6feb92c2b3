import type { Queries } from '../db/client.js';
import type { SinkFilter } from '../db/sinks.js';
import type { Registry } from '../plugins/registry.js';
import { type RecordKind, recordKinds } from '../sdk/index.js';
import { ownConnector } from './own-captures.js';
import { readPeople } from './people.js';
import type { Tenant } from './tenants.js';

export type { SinkFilter };

/** A filter as an operator gives it: custodians by id or name. */
export interface GivenFilter {
  readonly connectors?: readonly string[] | undefined;
  readonly custodians?: readonly string[] | undefined;
  readonly kinds?: readonly string[] | undefined;
}

/** Thrown for a filter that names what is not there; a filter that lets nothing through would look like a quiet sink. */
export class FilterError extends Error {
  override readonly name = 'FilterError';

  constructor(readonly problems: readonly string[]) {
    super(`The filter is not right: ${problems.join('; ')}.`);
  }
}

/** What a sink is asked about a record. */
export interface Filterable {
  readonly connector: string;
  readonly kind: RecordKind;
  /** Ids of the custodians whose communication it is. */
  readonly custodians: readonly string[];
}

/** Whether a sink with this filter takes the record: it must meet every list that is there. */
export function takes(filter: SinkFilter | null, { connector, kind, custodians }: Filterable): boolean {
  if (filter === null) return true;
  return (
    (filter.connectors?.includes(connector) ?? true) &&
    (filter.kinds?.includes(kind) ?? true) &&
    (filter.custodians?.some((id) => custodians.includes(id)) ?? true)
  );
}

/**
 * Checks a filter and finds the ids of its custodians. Null, for everything, when it has no lists.
 *
 * @throws {FilterError} names everything that is not there.
 */
export async function checkFilter(
  queries: Queries,
  tenant: Tenant,
  registry: Registry,
  given: GivenFilter,
): Promise<SinkFilter | null> {
  const problems: string[] = [];
  const connectors = given.connectors?.map((id) => findConnector(registry, id, problems));
  const kinds = given.kinds?.map((kind) => findKind(kind, problems));
  const custodians = given.custodians && (await findCustodians(queries, tenant, given.custodians, problems));
  for (const [name, list] of Object.entries(given)) {
    if (Array.isArray(list) && list.length === 0) problems.push(`${name} is empty: leave it out to take all`);
  }
  if (problems.length > 0) throw new FilterError(problems);
  if (!connectors && !kinds && !custodians) return null;
  return {
    ...(connectors && { connectors }),
    ...(custodians && { custodians }),
    ...(kinds && { kinds: kinds as RecordKind[] }),
  };
}

function findConnector(registry: Registry, id: string, problems: string[]): string {
  if (id !== ownConnector && registry.connector(id) === undefined) {
    const known = [...registry.connectors.map((each) => each.id), ownConnector].join(', ');
    problems.push(`there is no connector ${id} (known: ${known})`);
  }
  return id;
}

function findKind(kind: string, problems: string[]): string {
  if (!(recordKinds as readonly string[]).includes(kind)) {
    problems.push(`there is no kind of record ${kind} (known: ${recordKinds.join(', ')})`);
  }
  return kind;
}

async function findCustodians(
  queries: Queries,
  tenant: Tenant,
  wanted: readonly string[],
  problems: string[],
): Promise<string[]> {
  const people = await readPeople(queries, tenant, 'custodian');
  return wanted.flatMap((idOrName) => {
    const byId = people.filter(({ id }) => id === idOrName);
    const found = byId.length > 0 ? byId : people.filter(({ name }) => name === idOrName);
    if (found.length === 0) problems.push(`there is no custodian ${idOrName} (see archway custodian list)`);
    if (found.length > 1) problems.push(`several custodians are named ${idOrName}: give the id`);
    return found.map(({ id }) => id);
  });
}
