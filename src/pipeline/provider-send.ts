import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { insertMediaLinks } from '../db/media.js';
import type { OutboundRow } from '../db/outbound.js';
import { type Answered, openOutbound } from '../domain/outbound-draft.js';
import type { Upload } from '../domain/uploads.js';
import {
  type Accepted,
  type CallContext,
  type EarlierMessage,
  Failure,
  type OutboundMedia,
} from '../sdk/index.js';
import { pluginFault } from '../telemetry/log.js';
import type { DirectoryEntry } from './account-directory.js';
import { asFailure } from './outcomes.js';
import type { SenderOptions } from './sender.js';

/** What came of one call to a provider. */
export type Answer =
  | { readonly ok: true; readonly accepted: Accepted }
  | { readonly ok: false; readonly failure: Failure };

/** After this long a provider is told that we have stopped listening, and what it did is not known. */
export const callTimeoutMs = 30_000;
/** For a connector that does not listen to its signal. */
const abandonMs = callTimeoutMs + 10_000;
const linkLifetimeMs = 4 * 60 * 60 * 1_000;

/** Hands one message, or the wish for one call, to its provider. Never throws: what cannot be told apart from a sent message is `indeterminate`. */
export async function callProvider(
  options: SenderOptions,
  { account, tenant }: DirectoryEntry,
  row: OutboundRow,
  stopping: AbortSignal,
): Promise<Answer> {
  let hasBegun = false;
  const deadline = withDeadline(stopping);
  try {
    const handOver = await prepare(options, { account, tenant }, row);
    const { settings } = account;
    const session = options.live.get(account.id);
    hasBegun = true;
    const sending = handOver({ settings, signal: deadline.signal, now: () => new Date(), session });
    return { ok: true, accepted: await orAbandoned(sending) };
  } catch (error) {
    const failure = asFailure(error);
    if (failure !== undefined) return { ok: false, failure };
    options.log.error(
      { account: account.id, fault: pluginFault(error) },
      'A message could not be handed over.',
    );
    return { ok: false, failure: unknownEnd(hasBegun, error) };
  } finally {
    deadline.end();
  }
}

/** Everything up to the call itself: what fails here has not left. */
async function prepare(
  options: SenderOptions,
  { account, tenant }: DirectoryEntry,
  row: OutboundRow,
): Promise<(context: CallContext<Record<string, unknown>>) => Promise<Accepted>> {
  const { connector } = account;
  const { route, ring, text, media, replyTo, reaction } = openOutbound(tenant.vault, row);
  const common = {
    id: row.id,
    from: route.from,
    to: route.to,
    callbackUrl: (endpoint: string) => `${options.publicUrl}/webhooks/${account.id}/${endpoint}`,
  };
  if (ring !== undefined) {
    const { call } = connector;
    if (call === undefined) {
      throw new Failure('config', `The connector ${connector.id} cannot make calls any more.`);
    }
    return (context) => call.call(connector, { ...common, ring }, context);
  }
  const { send } = connector;
  if (send === undefined) throw new Failure('config', `The connector ${connector.id} cannot send any more.`);
  const links = await linkMedia(options, tenant, row, media);
  const message = {
    ...{ ...common, text, media: links },
    ...(replyTo !== undefined && { replyTo: earlierOf(replyTo) }),
    ...(reaction !== undefined && { reaction: { to: earlierOf(reaction.to), emoji: reaction.emoji } }),
  };
  return (context) => send.call(connector, message, context);
}

function earlierOf({ providerKey, direction, from }: Answered): EarlierMessage {
  return { key: providerKey, direction, from };
}

/** Not `AbortSignal.any` with `AbortSignal.timeout`: in Node 20 their timer may be collected before it fires. */
function withDeadline(stopping: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, callTimeoutMs);
  stopping.addEventListener('abort', abort);
  if (stopping.aborted) abort();
  const end = () => {
    clearTimeout(timer);
    stopping.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, end };
}

function unknownEnd(hasBegun: boolean, cause: unknown): Failure {
  return hasBegun
    ? new Failure('indeterminate', 'The connector failed in the middle of the call; that is a fault in it.', {
        cause,
      })
    : new Failure('unavailable', 'The message could not be prepared for its provider; nothing has left.', {
        cause,
      });
}

async function orAbandoned(sending: Promise<Accepted>): Promise<Accepted> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const failure = new Failure(
      'indeterminate',
      `The provider gave no answer within ${abandonMs / 1_000} seconds.`,
    );
    timer = setTimeout(() => reject(failure), abandonMs);
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens a path on the public listener for each attachment: random, for this one alone, and for a while. */
async function linkMedia(
  { database, blobs, publicUrl }: SenderOptions,
  tenant: DirectoryEntry['tenant'],
  row: OutboundRow,
  media: readonly Upload[],
): Promise<OutboundMedia[]> {
  if (media.length === 0) return [];
  const store = await blobs.of(tenant);
  const expiresAt = new Date(Date.now() + linkLifetimeMs);
  const linked = media.map((upload) => ({ upload, token: randomBytes(32).toString('base64url') }));
  await insertMediaLinks(
    database.orm,
    linked.map(({ upload, token }) => ({
      tokenHash: mediaTokenHash(token),
      instanceId: tenant.id,
      outboundId: row.id,
      uploadId: upload.id,
      expiresAt,
    })),
  );
  return linked.map(({ upload, token }) => ({
    contentType: upload.contentType,
    byteLength: upload.byteLength,
    ...(upload.name !== undefined && { name: upload.name }),
    url: `${publicUrl}/media/${token}`,
    open: async () => Readable.toWeb(Readable.from(store.open(upload.blobId))) as ReadableStream<Uint8Array>,
  }));
}

/** What is kept of the last part of such a path. The token is random, so a plain digest says nothing of it. */
export function mediaTokenHash(token: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(token).digest());
}
