import type { OutboundRow } from '../db/outbound.js';
import type { Accepted, Address, Direction, Route } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import type { Upload } from './uploads.js';

/** What is kept, sealed, of a request to send, or to call. */
export interface OutboundDraft {
  readonly route: Route;
  /** Of a call alone: where the custodian is rung first. */
  readonly ring?: Address | undefined;
  readonly text?: string | undefined;
  readonly media: readonly Upload[];
  readonly replyTo?: Answered | undefined;
  /** In place of everything that a message says. */
  readonly reaction?: { readonly to: Answered; readonly emoji: string | null } | undefined;
  /** What the provider said when it took the message. */
  readonly accepted?: Accepted;
}

/** A message that another one answers, or reacts to. */
export interface Answered {
  /** Of its record. */
  readonly key: string;
  /** By which its connector knows it: the same, unless the gateway sent it. */
  readonly providerKey: string;
  readonly direction: Direction;
  readonly from: Address;
}

const place = (id: string) => ({ table: 'outbound_messages', id, column: 'sealed' });

export function sealOutbound(vault: InstanceVault, id: string, draft: OutboundDraft): Uint8Array {
  return vault.sealJson(draft, place(id));
}

export function openOutbound(vault: InstanceVault, row: OutboundRow): OutboundDraft {
  return vault.openJson(row.sealed, place(row.id)) as OutboundDraft;
}
