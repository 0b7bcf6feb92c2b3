import type { Queries } from '../db/client.js';
import { readSessions, readState, type StateRow, writeSession } from '../db/sessions.js';
import type { SessionHealth, SessionState, StateChanges } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import type { Account } from './accounts.js';

/** How a session stands, for the operator. */
export interface SessionView {
  readonly state: SessionState;
  readonly detail: string | null;
  /** What the operator has to do next. */
  readonly action: string | null;
  /** ISO 8601, UTC, milliseconds. */
  readonly changedAt: string;
}

const healthPlace = (accountId: string) => ({ table: 'sessions', id: accountId, column: 'sealed' });
const statePlace = (accountId: string, name: string) => ({
  table: 'connector_state',
  id: `${accountId}/${name}`,
  column: 'sealed',
});

export function sealState(vault: InstanceVault, accountId: string, changes: StateChanges): StateRow[] {
  return Object.entries(changes).map(([name, value]) => ({
    instanceId: vault.instanceId,
    accountId,
    key: keyOf(vault, accountId, name),
    sealed: value === null ? null : vault.sealText(value, statePlace(accountId, name)),
  }));
}

/** Numbers of people stand behind the slash of a name, and must not stand in the database. */
function keyOf(vault: InstanceVault, accountId: string, name: string): string {
  const slash = name.indexOf('/');
  if (slash === -1) return name;
  const digest = Buffer.from(vault.lookup('connector-state', `${accountId}/${name}`)).toString('base64url');
  return `${name.slice(0, slash)}/${digest}`;
}

/** By name; those without a value are left out. */
export async function recallState(
  queries: Queries,
  vault: InstanceVault,
  accountId: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const keys = new Map(names.map((name) => [keyOf(vault, accountId, name), name]));
  const rows = await readState(queries, accountId, [...keys.keys()]);
  return new Map(
    [...rows].map(([key, sealed]) => {
      const name = keys.get(key) ?? key;
      return [name, vault.openText(sealed, statePlace(accountId, name))];
    }),
  );
}

export async function keepHealth(
  queries: Queries,
  vault: InstanceVault,
  accountId: string,
  { state, detail, action }: SessionHealth,
): Promise<void> {
  const sealed = vault.sealJson({ detail: detail ?? null, action: action ?? null }, healthPlace(accountId));
  const { instanceId } = vault;
  await writeSession(queries, { accountId, instanceId, state, sealed, changedAt: new Date() });
}

/** By account id; accounts whose connector keeps no session have none. */
export async function readSessionViews(
  queries: Queries,
  vault: InstanceVault,
  accounts: readonly Account[],
): Promise<ReadonlyMap<string, SessionView>> {
  const rows = await readSessions(
    queries,
    accounts.map(({ id }) => id),
  );
  return new Map(
    rows.map(({ accountId, state, sealed, changedAt }) => {
      const said = vault.openJson(sealed, healthPlace(accountId)) as Pick<SessionView, 'detail' | 'action'>;
      return [accountId, { state, ...said, changedAt: changedAt.toISOString() }];
    }),
  );
}
