import type { Queries } from '../db/client.js';
import { holdJournal } from '../db/threads.js';
import { addressId } from './addresses.js';
import { linkAddresses, type NewLink } from './identities.js';
import { addPeople, readPeople } from './people.js';
import { type PeopleRow, type RowProblem, readPeopleFile } from './people-file.js';
import { overlap, type Period, samePeriod } from './periods.js';
import type { Tenant } from './tenants.js';

export interface Imported {
  readonly people: number;
  readonly identities: number;
  /** Rows that say what is known already. */
  readonly unchanged: number;
  readonly problems: readonly RowProblem[];
}

/**
 * Imports a people file: all of it, or nothing where a row is wrong. People are recognised by role and name, so the same
 * file again changes nothing. MUST run inside a transaction, which holds the journal until its end.
 */
export async function importPeople(
  tx: Queries,
  tenant: Tenant,
  text: string,
  { dryRun }: { dryRun: boolean },
): Promise<Imported> {
  const file = readPeopleFile(text);
  await holdJournal(tx, tenant.id);
  const plan = await makePlan(tx, tenant, file.rows);
  const problems = [...file.problems, ...plan.problems].sort((left, right) => left.line - right.line);
  const { newcomers, links, unchanged } = plan;
  const imported = { people: newcomers.length, identities: links.length, unchanged, problems };
  if (problems.length > 0) return { ...imported, people: 0, identities: 0 };
  if (dryRun) return imported;
  const added = await addPeople(tx, tenant, newcomers);
  const idOf = new Map(added.map((person) => [personKey(person), person.id]));
  const given = links.map(({ row, personId }): NewLink => {
    const { address, validFrom, validUntil } = row;
    return { personId: personId ?? (idOf.get(personKey(row)) as string), address, validFrom, validUntil };
  });
  await linkAddresses(tx, tenant, given);
  return imported;
}

interface Plan {
  readonly newcomers: PeopleRow[];
  readonly links: { readonly row: PeopleRow; readonly personId: string | undefined }[];
  readonly unchanged: number;
  readonly problems: RowProblem[];
}

interface Holding extends Period {
  readonly owner: string;
  /** Of the file; undefined for what was there before. */
  readonly line: number | undefined;
}

const personKey = ({ role, name }: { role: string; name: string }) => `${role}/${name}`;

async function makePlan(tx: Queries, tenant: Tenant, rows: readonly PeopleRow[]): Promise<Plan> {
  const known = new Map<string, string[]>();
  const holdings = new Map<string, Holding[]>();
  const hold = (address: string, holding: Holding) => {
    const id = addressId(tenant.vault, address);
    const before = holdings.get(id);
    if (before === undefined) holdings.set(id, [holding]);
    else before.push(holding);
  };
  for (const person of await readPeople(tx, tenant)) {
    const key = personKey(person);
    known.set(key, [...(known.get(key) ?? []), person.id]);
    for (const { address, ...period } of person.identities)
      hold(address, { ...period, owner: key, line: undefined });
  }
  const newcomers = new Map<string, PeopleRow>();
  const links: Plan['links'] = [];
  const problems: RowProblem[] = [];
  let unchanged = 0;
  for (const row of rows) {
    const key = personKey(row);
    const [personId, namesake] = known.get(key) ?? [];
    const others = holdings.get(addressId(tenant.vault, row.address)) ?? [];
    const same = others.find((other) => other.owner === key && samePeriod(other, row));
    const taken = others.find((other) => overlap(other, row));
    if (namesake !== undefined) {
      const problem =
        'several people with this role have this name. Assign the address by the id of the one you mean.';
      problems.push({ line: row.line, problem });
    } else if (same !== undefined) {
      unchanged += 1;
    } else if (taken !== undefined) {
      problems.push({ line: row.line, problem: takenProblem(taken) });
    } else {
      if (personId === undefined && !newcomers.has(key)) newcomers.set(key, row);
      links.push({ row, personId });
      hold(row.address, { owner: key, line: row.line, validFrom: row.validFrom, validUntil: row.validUntil });
    }
  }
  return { newcomers: [...newcomers.values()], links, unchanged, problems };
}

function takenProblem({ line, validFrom, validUntil }: Holding): string {
  const period = `from ${validFrom?.toISOString() ?? 'always'} until ${validUntil?.toISOString() ?? 'further notice'}`;
  const where = line === undefined ? 'is assigned already' : `stands in line ${line}`;
  return `the address ${where} ${period}. Give periods that do not overlap, or end the other one first.`;
}
