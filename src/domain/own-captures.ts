import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { addCaptures, type CaptureRow } from '../db/inbox.js';
import type { EventAlias, OwnEvent } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import { sealCapture } from './captures.js';

/**
 * What the gateway itself puts on record (a message that it was asked to send, an attachment that it fetched, a gap, an
 * alert) goes the way of everything else: a capture in the inbox, read by the normaliser, which stays the only writer of
 * the journal. Its provenance `internal` is one that no door to the outside gives.
 */

/** The body of such a capture, as JSON. */
export interface OwnStatement {
  readonly events: readonly OwnEvent[];
  /** Keys that mean another event of the same account from now on. */
  readonly aliases?: readonly EventAlias[];
}

/** What the gateway's own records have in place of a connector, where they belong to no account. */
export const ownConnector = 'archway';

const contentType = 'application/json';

/**
 * Commits the statement with the transaction that it is part of; the records follow. Whoever needs the record to be
 * there first waits until the capture with the returned id is `done`.
 *
 * @param accountId the account that the events belong to; null for the gateway as a whole.
 */
export async function captureOwn(
  tx: Queries,
  vault: InstanceVault,
  accountId: string | null,
  statement: OwnStatement,
): Promise<string> {
  const row = ownCapture(vault, accountId, statement);
  await addCaptures(tx, [row]);
  return row.id;
}

/** The same as a row for the inbox, for those who must also get by without the database: `Ingest.acceptOwn` may spool it. */
export function ownCapture(
  vault: InstanceVault,
  accountId: string | null,
  statement: OwnStatement,
): CaptureRow {
  return sealCapture(vault, newId(), {
    account: accountId,
    endpoint: 'own',
    method: 'POST',
    url: 'archway:own',
    headers: { 'content-type': contentType },
    body: Buffer.from(JSON.stringify(statement), 'utf8'),
    receivedAt: new Date().toISOString(),
    provenance: 'internal',
  });
}
