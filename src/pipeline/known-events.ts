import { isDeepStrictEqual } from 'node:util';
import { findLegStatuses } from '../db/calls.js';
import type { Queries } from '../db/client.js';
import { findByEventKeys, findReceipts, type RecordRow } from '../db/journal.js';
import { type CallEvent, type Provenance, type ReceiptEvent, skeletonSchema } from '../sdk/index.js';
import type { Draft } from './draft.js';

/**
 * What the journal has of some events, and what joins it in this transaction. It decides about what a provider lists: that
 * adds what is absent and never contradicts what came live, so that listing the same time again adds nothing.
 */
export class KnownEvents {
  readonly #records: ReadonlyMap<string, RecordRow>;
  /** By event key, the capture that it came from. */
  readonly #captures: Map<string, string | null>;
  /** `<key of the message, or of the leg of a call>/<status>` */
  readonly #statuses: Set<string>;

  private constructor(records: ReadonlyMap<string, RecordRow>, statuses: Iterable<string>) {
    this.#records = records;
    this.#captures = new Map([...records].map(([key, { captureId }]) => [key, captureId]));
    this.#statuses = new Set(statuses);
  }

  static async find(queries: Queries, instanceId: string, drafts: readonly Draft[]): Promise<KnownEvents> {
    const abouts = drafts.flatMap(({ aboutKey }) => aboutKey ?? []);
    const records = await findByEventKeys(queries, instanceId, [
      ...new Set([...drafts.map(({ eventKey }) => eventKey), ...abouts]),
    ]);
    const receipts = await findReceipts(queries, instanceId, [...new Set(abouts)]);
    const legs = await findLegStatuses(queries, instanceId, [...new Set(abouts)]);
    return new KnownEvents(records, [
      ...receipts.map(({ aboutKey, status }) => `${aboutKey}/${status}`),
      ...legs.map(({ legId, status }) => `${legId}/${status}`),
    ]);
  }

  record(eventKey: string): RecordRow | undefined {
    return this.#records.get(eventKey);
  }

  add({ eventKey, aboutKey, content, source }: Draft): void {
    this.#captures.set(eventKey, source.row.id);
    if (hasStatus(content)) this.#statuses.add(`${aboutKey}/${content.status}`);
  }

  /**
   * Whether a listed event says something new. A status that the message or the leg of a call is known to have had is not,
   * whichever event said so; nor is a gap in something that was captured when it was still whole.
   */
  lacks({ eventKey, aboutKey, content, source }: Draft): boolean {
    if (this.#captures.has(eventKey)) return false;
    if (aboutKey === undefined) return true;
    if (hasStatus(content)) return !this.#statuses.has(`${aboutKey}/${content.status}`);
    if (content.kind !== 'gap' || !this.#captures.has(aboutKey)) return true;
    return this.#captures.get(aboutKey) === source.row.id;
  }
}

function hasStatus(content: Draft['content']): content is ReceiptEvent | CallEvent {
  return content.kind === 'receipt' || content.kind === 'call';
}

/** How the capture of a record came. */
export function provenanceOf({ skeleton }: RecordRow): Provenance {
  return skeletonSchema.parse(JSON.parse(Buffer.from(skeleton).toString('utf8'))).provenance;
}

/**
 * Whether a provider, which shows us what we had it send, shows the same. It knows sender and files by other names than we
 * do, and may cut away white space at the ends.
 */
export function echoes(newcomer: unknown, sent: unknown): boolean {
  if (sent === undefined) return true;
  return isDeepStrictEqual(echoOf(newcomer), echoOf(sent));
}

function echoOf(event: unknown): unknown {
  const { kind, direction, text, attachments } = event as Record<string, unknown>;
  return { kind, direction, text: String(text ?? '').trim(), files: [attachments ?? []].flat().length };
}

const essentials = ['kind', 'direction', 'text', 'emoji', 'status', 'action', 'state', 'reason'];

/**
 * Whether a webhook that comes after its event was listed tells the same: who, to whom, and what. A list names fewer of the
 * particulars, and those are no contradiction; the capture keeps them.
 */
export function tellSame(newcomer: unknown, listed: unknown): boolean {
  if (listed === undefined) return true;
  return isDeepStrictEqual(essenceOf(newcomer), essenceOf(listed));
}

function essenceOf(event: unknown): unknown {
  const fields = event as Record<string, unknown>;
  const values = (addresses: unknown) =>
    [addresses ?? []].flat().map((address) => (address as { value: string }).value);
  return {
    ...Object.fromEntries(essentials.map((name) => [name, fields[name] ?? ''])),
    from: values(fields.from),
    to: values(fields.to).sort(),
    attachments: [fields.attachments ?? []]
      .flat()
      .map((attachment) => (attachment as { reference?: string }).reference ?? '')
      .sort(),
  };
}
