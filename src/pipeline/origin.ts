import type { Account } from '../domain/accounts.js';
import { ownConnector } from '../domain/own-captures.js';
import type { Provenance } from '../sdk/index.js';

/** Whose records a capture becomes: those of an account, or the gateway's own. */
export interface Origin {
  /** Id of the connector; `archway` for what belongs to no account. */
  readonly connector: string;
  readonly accountId: string | undefined;
  /** What reads the capture: the connector's parser, or for the gateway's own statements this gateway. */
  readonly parserVersion: string;
}

/** Raised when a statement of the gateway would be read differently. */
const ownVersion = 'archway-1';

export function originOf(account: Account | undefined, provenance: Provenance): Origin {
  return {
    connector: account?.connector.id ?? ownConnector,
    accountId: account?.id,
    parserVersion:
      account === undefined || provenance === 'internal' ? ownVersion : account.connector.version,
  };
}
