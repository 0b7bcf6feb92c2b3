import { readAttachmentsById } from '../../db/attachments.js';
import type { Queries } from '../../db/client.js';
import { readRecordsById } from '../../db/journal.js';
import type { MediaJobRow } from '../../db/media-jobs.js';
import type { Account } from '../../domain/accounts.js';
import { type KeptAttachment, openAttachment } from '../../domain/attachments.js';
import { openContent } from '../../domain/records.js';
import type { Tenant } from '../../domain/tenants.js';
import type { MediaRequest } from '../../sdk/index.js';
import { type Log, pluginFault } from '../../telemetry/log.js';
import { asFailure } from '../outcomes.js';
import { MediaFailure, type MediaFailureReason } from './media-failure.js';

/** An attachment that is to be fetched, with what its own record will say. */
export interface MediaOrder {
  readonly tenant: Tenant;
  readonly account: Account;
  readonly attachment: KeptAttachment;
  /** Of the record that points to it. */
  readonly about: { readonly key: string; readonly channel: string; readonly conversation?: string };
}

/** Opens what a job is about; undefined when its content was erased, so that nobody wants the bytes any more. */
export async function readOrder(
  queries: Queries,
  { tenant, account }: { readonly tenant: Tenant; readonly account: Account },
  job: MediaJobRow,
): Promise<MediaOrder | undefined> {
  const row = (await readAttachmentsById(queries, [job.attachmentId])).get(job.attachmentId);
  const record = row && (await readRecordsById(queries, [row.recordId])).get(row.recordId);
  if (row === undefined || record === undefined)
    throw new Error(`Job ${job.attachmentId} has lost its record.`);
  if (record.sealedContent === null) return undefined;
  const { content } = openContent(tenant.vault, record);
  if (!('attachments' in content)) throw new Error(`Record ${record.id} has no attachments.`);
  const { key, channel, conversation } = content;
  const about = { key, channel, ...(conversation !== undefined && { conversation }) };
  return { tenant, account, attachment: openAttachment(tenant.vault, row), about };
}

interface Asking {
  readonly signal: AbortSignal;
  /** What the account's session offers at this node. */
  readonly session: unknown;
  readonly log: Log;
}

/**
 * Asks the connector how the bytes are fetched.
 *
 * @throws {MediaFailure} whatever the plugin does, now or in the functions of its answer.
 */
export async function requestFor(
  { account, attachment }: MediaOrder,
  { signal, session, log }: Asking,
): Promise<MediaRequest> {
  const { connector, settings } = account;
  if (attachment.reference === undefined) {
    throw new MediaFailure('no-reference', 'The provider announced it, and did not say where it is.');
  }
  if (connector.media === undefined) {
    throw new MediaFailure('connector', 'This version of the connector does not fetch attachments.');
  }
  const { id: _id, sha256: _sha256, unavailable: _unavailable, ...given } = attachment;
  const fault = (error: unknown) => failureOfPlugin(error, account, log);
  try {
    return guarded(await connector.media(given, { settings, signal, session, now: () => new Date() }), fault);
  } catch (error) {
    throw fault(error);
  }
}

function guarded(request: MediaRequest, fault: (error: unknown) => MediaFailure): MediaRequest {
  const { decode, renew } = request;
  return {
    ...request,
    ...(decode !== undefined && { decode: (body) => decoded(decode(body), fault) }),
    ...(renew !== undefined && {
      renew: async () => {
        try {
          return guarded(await renew(), fault);
        } catch (error) {
          throw fault(error);
        }
      },
    }),
  };
}

async function* decoded(
  body: AsyncIterable<Uint8Array>,
  fault: (error: unknown) => MediaFailure,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    // The connection, and not the connector, may have failed.
    const failure = error instanceof MediaFailure ? error : fault(error);
    throw failure.reason === 'refused' ? new MediaFailure('wrong-bytes', failure.message) : failure;
  }
}

const reasons: Record<string, MediaFailureReason> = {
  rejected: 'refused',
  auth: 'not-authorized',
  throttled: 'throttled',
  unavailable: 'unreachable',
  indeterminate: 'unreachable',
};

function failureOfPlugin(error: unknown, { id, connector }: Account, log: Log): MediaFailure {
  const failure = asFailure(error);
  if (failure !== undefined) {
    return new MediaFailure(reasons[failure.kind] ?? 'connector', failure.message, {
      retryAfterMs: failure.retryAfterMs,
    });
  }
  log.error(
    { fault: pluginFault(error), account: id, connector: connector.id },
    'A connector threw; that is a fault in it.',
  );
  return new MediaFailure('connector', 'The connector failed unexpectedly.');
}
