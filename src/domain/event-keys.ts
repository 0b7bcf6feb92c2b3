import type { InstanceVault } from '../vault/index.js';

/** Whose event it is: keys are unique within an account, or within the gateway where there is none. */
export interface KeyScope {
  /** Id of the connector; `archway` for what belongs to no account. */
  readonly connector: string;
  readonly accountId: string | undefined;
}

/** The keyed id of an event: connector / account / the provider's id. No clock and no attempt in it. */
export function eventKey(vault: InstanceVault, { connector, accountId }: KeyScope, key: string): string {
  return vault.lookupId('event', `${connector}/${accountId ?? ''}/${key}`);
}
