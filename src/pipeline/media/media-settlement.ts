import { failPoint } from '../../core/failpoint.js';
import { type Decision, decideMedia } from '../../core/retry-policy.js';
import { settleAttachment } from '../../db/attachments.js';
import type { Database, Queries } from '../../db/client.js';
import { endMediaJob, type MediaJobRow, pauseMediaJobs, retryMediaJob } from '../../db/media-jobs.js';
import { type KeptAttachment, sealAttachment, soundOf } from '../../domain/attachments.js';
import { captureOwn } from '../../domain/own-captures.js';
import type { OwnEvent } from '../../sdk/index.js';
import type { StoredBlob } from '../../vault/blob/index.js';
import type { MediaFailure } from './media-failure.js';
import type { MediaOrder } from './media-order.js';

/**
 * What came of fetching an attachment. Whatever ends a job ends it in one transaction with the state of the attachment and
 * the capture that becomes its record: none of them stands without the others.
 */
export class MediaSettlement {
  constructor(
    readonly database: Database,
    /** Id of this process, as the holder of leases. */
    readonly node: string,
  ) {}

  /** MUST be called only after the blob is durable. */
  async stored(order: MediaOrder, blob: StoredBlob, contentType: string | undefined): Promise<void> {
    const { attachment, tenant, about } = order;
    const { byteLength, sha256 } = blob;
    const type = attachment.contentType ?? contentType;
    const kept = { ...attachment, byteLength, sha256, ...(type !== undefined && { contentType: type }) };
    const event: OwnEvent = {
      ...shared(order, `attachment/${attachment.id}`),
      kind: 'attachment',
      about: about.key,
      attachment: attachment.id,
      ...(contentType !== undefined && { contentType }),
      byteLength,
      sha256,
      ...soundOf(attachment),
    };
    await this.#end(order, event, async (tx) => {
      const sealed = sealAttachment(tenant.vault, kept);
      await settleAttachment(tx, { id: attachment.id, state: 'stored', blobId: blob.id, sealed });
    });
    failPoint('media:after-commit');
  }

  /** Decides by the retry policy what follows, and stores it. */
  async failed(order: MediaOrder, job: MediaJobRow, failure: MediaFailure): Promise<Decision> {
    const { kind, retryAfterMs, message, reason } = failure;
    const attempts = job.attempts + 1;
    const decision = decideMedia({ kind, attempts, retryAfterMs, random: Math.random() });
    if (decision.action === 'give-up') {
      await this.#gone(order, { reason, detail: message });
      return decision;
    }
    const note = decision.action === 'pause' ? pauseMediaJobs : retryMediaJob;
    const { delayMs } = decision;
    const { attachmentId } = job;
    await note(this.database.orm, {
      attachmentId,
      holder: this.node,
      failureKind: kind,
      failure: message,
      delayMs,
    });
    return decision;
  }

  async #gone(order: MediaOrder, unavailable: NonNullable<KeptAttachment['unavailable']>): Promise<void> {
    const { attachment, tenant, about } = order;
    const { id, byteLength } = attachment;
    const size = byteLength === undefined ? 'of unknown length' : `of ${byteLength} bytes`;
    const event: OwnEvent = {
      ...shared(order, `gap/media/${id}`),
      kind: 'gap',
      about: about.key,
      state: 'open',
      reason: 'media-unavailable',
      detail: `Attachment ${id}, ${size}, cannot be had (${unavailable.reason}). ${unavailable.detail}`,
    };
    await this.#end(order, event, async (tx) => {
      const sealed = sealAttachment(tenant.vault, { ...attachment, unavailable });
      await settleAttachment(tx, { id, state: 'gone', blobId: null, sealed });
    });
  }

  async #end(
    { attachment, tenant, account }: MediaOrder,
    event: OwnEvent,
    settle: (tx: Queries) => Promise<void>,
  ): Promise<void> {
    await this.database.orm.transaction(async (tx) => {
      if (!(await endMediaJob(tx, attachment.id, this.node))) return;
      await settle(tx);
      await captureOwn(tx, tenant.vault, account.id, { events: [event] });
      failPoint('media:before-commit');
    });
  }
}

function shared({ about }: MediaOrder, key: string) {
  const { channel, conversation } = about;
  return { key, channel, ...(conversation !== undefined && { conversation }) };
}
