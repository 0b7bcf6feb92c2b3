import { canonicalBytes } from '../core/canonical.js';
import { newSalt, saltedJsonDigest, sha256Hex } from '../core/digest.js';
import type { ClaimedCapture } from '../db/inbox.js';
import type { Account } from '../domain/accounts.js';
import { eventKey } from '../domain/event-keys.js';
import type { Capture, CommunicationEvent, OwnEvent, RecordKind } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import type { Origin } from './origin.js';

/** What a draft says, before people and ids are added: an event, or one of the pipeline's own kinds. */
export type DraftContent =
  | OwnEvent
  | { readonly kind: 'unsupported'; readonly reason: string; readonly endpoint: string }
  | { readonly kind: 'conflict'; readonly reason: string; readonly event: CommunicationEvent };

/** A capture with everything that is needed to turn it into records. */
export interface Source {
  readonly row: ClaimedCapture;
  /** Undefined when the stored bytes cannot be opened any more. */
  readonly capture: Capture | undefined;
  /** Whose connector reads it; undefined for what the gateway says of itself as a whole. */
  readonly account: Account | undefined;
  readonly origin: Origin;
}

/** A record in the making: it has its key and its salt, but no number yet. */
export interface Draft {
  readonly source: Source;
  readonly kind: RecordKind;
  readonly content: DraftContent;
  readonly eventKey: string;
  readonly aboutKey: string | undefined;
  /** Of the leg that made the one which it is about. */
  readonly parentKey?: string | undefined;
  readonly salt: Uint8Array;
  /** Digest of `content` under the salt: tells a redelivery from a conflict. */
  readonly eventDigest: string;
}

export function draft(vault: InstanceVault, source: Source, key: string, content: DraftContent): Draft {
  const salt = newSalt();
  const about = 'about' in content ? content.about : undefined;
  const parent = content.kind === 'call' ? content.parent : undefined;
  return {
    source,
    kind: content.kind,
    content,
    eventKey: eventKey(vault, source.origin, key),
    aboutKey: about === undefined ? undefined : eventKey(vault, source.origin, about),
    parentKey: parent === undefined ? undefined : eventKey(vault, source.origin, parent),
    salt,
    eventDigest: saltedJsonDigest(salt, content),
  };
}

export function draftEvents(vault: InstanceVault, source: Source, events: readonly OwnEvent[]): Draft[] {
  return events.map((event) => draft(vault, source, event.key, event));
}

export function draftUnsupported(vault: InstanceVault, source: Source, reason: string): Draft {
  const content = { kind: 'unsupported', reason, endpoint: source.row.endpoint } as const;
  return draft(vault, source, `unsupported/${nameOf(source)}`, content);
}

/** The same key came with other content: the newcomer is kept beside the original, under a key of its own. */
export function draftConflict(vault: InstanceVault, newcomer: Draft, reason: string): Draft {
  const event = newcomer.content as CommunicationEvent;
  const key = `conflict/${event.key}/${sha256Hex(canonicalBytes(event))}`;
  const conflict = draft(vault, newcomer.source, key, { kind: 'conflict', reason, event });
  return { ...conflict, aboutKey: newcomer.eventKey };
}

/** A quarantined capture is a gap in the journal until it has been read after all. */
export function draftQuarantineGap(vault: InstanceVault, source: Source, reason: string): Draft {
  const key = quarantineGapKey(source);
  return draft(vault, source, key, {
    kind: 'gap',
    key,
    channel: source.origin.connector,
    state: 'open',
    reason: 'quarantined',
    detail: `Capture ${source.row.id} could not be turned into records (${reason}). It is kept in quarantine.`,
  });
}

export function draftQuarantineGapClosed(vault: InstanceVault, source: Source): Draft {
  const key = `${quarantineGapKey(source)}/closed`;
  return draft(vault, source, key, {
    kind: 'gap',
    key,
    about: quarantineGapKey(source),
    channel: source.origin.connector,
    state: 'closed',
    reason: 'quarantined',
    detail: `Capture ${source.row.id} was read after all.`,
  });
}

function quarantineGapKey(source: Source): string {
  return `gap/quarantined/${nameOf(source)}`;
}

/** The name of a capture in keys. What is listed may be listed every night: there it is the bytes that count. */
function nameOf({ row, capture }: Source): string {
  if (capture === undefined || !isListed(row.provenance)) return row.id;
  return `listed/${row.endpoint}/${sha256Hex(capture.body)}`;
}

/** Whether the provider was asked for it, instead of having sent it. */
export function isListed(provenance: string): boolean {
  return provenance === 'reconciled' || provenance === 'history';
}
