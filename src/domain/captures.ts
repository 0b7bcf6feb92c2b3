import type { CaptureRow } from '../db/inbox.js';
import type { Capture, Provenance } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';

/**
 * How a capture is kept: what may name a person (URL, headers, body) is sealed as one value, a JSON line with the head
 * and then the body's bytes as they came.
 */

interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const place = (id: string) => ({ table: 'captures', id, column: 'sealed' });
const newline = 0x0a;
/** What the gateway says of itself as a whole has no account, and is read by no connector. */
const noAccount = '';

export function sealCapture(
  vault: InstanceVault,
  id: string,
  capture: Omit<Capture, 'account'> & { readonly account: string | null },
): CaptureRow {
  const { method, url, headers } = capture;
  const head = Buffer.from(`${JSON.stringify({ method, url, headers } satisfies Head)}\n`, 'utf8');
  return {
    id,
    instanceId: vault.instanceId,
    accountId: capture.account,
    endpoint: capture.endpoint,
    provenance: capture.provenance,
    receivedAt: capture.receivedAt,
    sealed: vault.seal(Buffer.concat([head, capture.body]), place(id)),
  };
}

/** @throws {SealError} when the row was changed or moved. */
export function openCapture(vault: InstanceVault, row: CaptureRow): Capture {
  const plain = vault.open(row.sealed, place(row.id));
  const end = plain.indexOf(newline);
  const head = JSON.parse(Buffer.from(plain.subarray(0, end)).toString('utf8')) as Head;
  return {
    ...head,
    account: row.accountId ?? noAccount,
    endpoint: row.endpoint,
    receivedAt: row.receivedAt,
    provenance: row.provenance as Provenance,
    body: plain.subarray(end + 1),
  };
}
