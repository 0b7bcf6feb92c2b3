import { canonicalBytes } from '../core/canonical.js';
import { failPoint } from '../core/failpoint.js';
import { newId } from '../core/ids.js';
import type { Database, Queries } from '../db/client.js';
import { hasOptedOut } from '../db/consents.js';
import { addCaptures } from '../db/inbox.js';
import { findByIdempotency, insertOutbound, type OutboundRow } from '../db/outbound.js';
import { type OutboundCapability, type OwnEvent, outboundKey, type Route } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { addressId } from './addresses.js';
import { findAnswered } from './answered.js';
import { blobReferencePrefix } from './attachments.js';
import { auditAct } from './audit.js';
import { type Answered, type OutboundDraft, sealOutbound } from './outbound-draft.js';
import { outboundWord } from './outbound-word.js';
import { ownCapture } from './own-captures.js';
import { SendRequestError } from './send-request-error.js';
import type { Tenant } from './tenants.js';
import { findUploads, type Upload } from './uploads.js';

/** What a caller wants sent. */
export interface SendRequest {
  readonly to: string;
  readonly text?: string | undefined;
  /** Ids of uploads. */
  readonly media: readonly string[];
  /** Id of the record of the message that this one answers. */
  readonly replyTo?: string | undefined;
  /** In place of a message: the id of the record of the one that this is a reaction to; null takes a reaction back. */
  readonly reaction?: { readonly to: string; readonly emoji: string | null } | undefined;
  /** The same key with the same request is one message, however often it is asked. */
  readonly idempotencyKey: string;
  /** Id of the API key that asks. */
  readonly actor: string;
}

interface Refusal {
  readonly reason: 'opted-out' | 'text-too-long' | 'too-much-media';
  readonly explanation: string;
}

/**
 * Commits the request with the record that it was made; what the policy refuses too, with the record that it was refused.
 * When this resolves, a message that was not refused will be sent once, and its record comes first.
 *
 * @returns the message; the one of the first request when this repeats it.
 * @throws {SendRequestError}
 */
export async function requestOutbound(
  database: Database,
  tenant: Tenant,
  account: Account,
  request: SendRequest,
): Promise<OutboundRow> {
  const { reaction } = request;
  const earlier = await findAnswered(database.orm, tenant, account, reaction?.to ?? request.replyTo);
  const { capability, route } = routeOf(account, request, earlier);
  const media = await requireUploads(database.orm, tenant, request.media);
  const draft: OutboundDraft =
    reaction === undefined || earlier === undefined
      ? { route, text: request.text, media, replyTo: earlier }
      : { route, media, reaction: { to: earlier, emoji: reaction.emoji } };
  const requestId = requestIdOf(tenant, request, media);
  return commitRequest(database, tenant, account, {
    ...{ idempotencyKey: request.idempotencyKey, requestId, draft, actor: request.actor },
    action: 'message.send',
    refusal: () => refusalOf(database.orm, tenant, account, capability, draft),
    eventOf: (id) => eventOf(id, draft),
  });
}

/** A request that is right, and what becomes of it. */
export interface PreparedRequest {
  readonly idempotencyKey: string;
  /** Tells a repetition from another request under the same idempotency key. */
  readonly requestId: string;
  readonly draft: OutboundDraft;
  readonly actor: string;
  /** What the audit trail calls it. */
  readonly action: string;
  refusal(): Promise<Refusal | undefined>;
  /** The record of the request under this id. */
  eventOf(id: string): OwnEvent;
}

/** Commits a request and the record of it in one transaction, unless it was made before. @throws {SendRequestError} */
export async function commitRequest(
  { orm }: Database,
  tenant: Tenant,
  account: Account,
  request: PreparedRequest,
): Promise<OutboundRow> {
  const { vault } = tenant;
  const { requestId, draft } = request;
  const idempotencyId = vault.lookupId('outbound-key', `${account.id}/${request.idempotencyKey}`);
  const earlier = await findByIdempotency(orm, account.id, idempotencyId);
  if (earlier !== undefined) return sameRequest(earlier, requestId);

  const refusal = await request.refusal();
  const id = newId();
  const events = [request.eventOf(id)];
  if (refusal !== undefined) {
    const error = { code: refusal.reason, message: refusal.explanation };
    events.push(outboundWord(id, draft, 'refused', error));
  }
  const capture = ownCapture(vault, account.id, { events });
  const now = new Date();
  const made = await orm.transaction(async (tx) => {
    const isFirst = await insertOutbound(tx, {
      id,
      instanceId: tenant.id,
      accountId: account.id,
      idempotencyId,
      requestId,
      state: refusal === undefined ? 'requested' : 'refused',
      sealed: sealOutbound(vault, id, draft),
      captureId: capture.id,
      createdAt: now,
      changedAt: now,
      ...refusal,
    });
    if (isFirst) {
      await addCaptures(tx, [capture]);
      await auditAct(tx, tenant, { actor: request.actor, action: request.action, subject: id });
    }
    failPoint('outbound:before-commit');
    return isFirst;
  });
  failPoint('outbound:after-commit');
  const row = await findByIdempotency(orm, account.id, idempotencyId);
  if (row === undefined) throw new Error(`What was requested as ${id} is gone.`);
  return made ? row : sameRequest(row, requestId);
}

/** Tells a repetition from another request under the same idempotency key. */
function requestIdOf(
  { vault }: Tenant,
  { to, text, replyTo, reaction }: SendRequest,
  uploads: readonly Upload[],
): string {
  const asked = {
    to,
    ...(text !== undefined && { text }),
    // What they hold counts: whoever asks again may have brought the same file in again.
    media: uploads.map(({ sha256, contentType }) => `${contentType} ${sha256}`),
    ...(replyTo !== undefined && { replyTo }),
    ...(reaction !== undefined && { reaction }),
  };
  return vault.lookupId('outbound-request', Buffer.from(canonicalBytes(asked)).toString('utf8'));
}

function sameRequest(row: OutboundRow, requestId: string): OutboundRow {
  if (row.requestId === requestId) return row;
  throw new SendRequestError(
    'key-used',
    `This idempotency key belongs to another request, which is ${row.id}. Use a new key for a new one.`,
  );
}

function routeOf(
  { connector, settings, name }: Account,
  request: SendRequest,
  earlier: Answered | undefined,
): { capability: OutboundCapability; route: Route } {
  const capability = connector.capabilities.outbound;
  if (capability === undefined || connector.send === undefined || connector.route === undefined) {
    throw invalid(`The connector ${connector.id} of account ${name} only captures; it cannot send.`);
  }
  const { to, media, reaction } = request;
  const lacks =
    reaction === undefined ? lacksForMessage(request, capability) : lacksForReaction(request, capability);
  if (lacks !== undefined) throw invalid(lacks.replace('%', connector.id));
  const about = reaction === undefined ? 'replyTo' : 'reactsTo';
  const routed = connector.route(
    { to, mediaCount: media.length, ...(earlier !== undefined && { [about]: earlier.providerKey }) },
    settings,
  );
  if (!routed.ok) throw invalid(routed.reason);
  return { capability, route: routed.route };
}

const invalid = (explanation: string) => new SendRequestError('invalid', explanation);

/** What is wrong with a request; `%` stands for the connector. */
function lacksForMessage({ text, media, replyTo }: SendRequest, { replies }: OutboundCapability) {
  if ((text === undefined || text === '') && media.length === 0)
    return 'There is nothing to send: give a text, or media, or both.';
  if (replyTo !== undefined && replies !== true)
    return 'The connector % cannot answer a message. Leave replyTo out.';
  return undefined;
}

function lacksForReaction({ text, media, replyTo }: SendRequest, { reactions }: OutboundCapability) {
  if (text !== undefined || media.length > 0 || replyTo !== undefined)
    return 'A reaction has no text, no media and no replyTo. Send a message of its own for these.';
  if (reactions !== true) return 'The connector % cannot react to a message. Leave reaction out.';
  return undefined;
}

async function requireUploads(queries: Queries, tenant: Tenant, ids: readonly string[]): Promise<Upload[]> {
  const found = await findUploads(queries, tenant, ids);
  return found.map((upload, index) => {
    if (upload !== undefined) return upload;
    throw invalid(
      `There is no upload ${ids[index]} in this instance. Bring the file in with POST /v1/media first.`,
    );
  });
}

async function refusalOf(
  queries: Queries,
  tenant: Tenant,
  account: Account,
  capability: OutboundCapability,
  { route, text = '', media }: OutboundDraft,
): Promise<Refusal | undefined> {
  const own = [...account.ownAddresses, route.from.value].map((value) => addressId(tenant.vault, value));
  const address = addressId(tenant.vault, route.to.value);
  if (await hasOptedOut(queries, tenant.id, { address, own })) {
    const explanation =
      'The recipient has opted out of messages from this account, and nothing was sent. Only the recipient can lift that, ' +
      'such as by answering START; then send again, under another idempotency key.';
    return { reason: 'opted-out', explanation };
  }
  const { textLengthMax, mediaMax } = capability;
  if (text.length > textLengthMax) {
    const explanation = `The text has ${text.length} characters and this channel takes ${textLengthMax}. Nothing was sent; shorten it.`;
    return { reason: 'text-too-long', explanation };
  }
  if (media.length > mediaMax) {
    const explanation = `The message has ${media.length} attachments and this channel takes ${mediaMax}. Nothing was sent.`;
    return { reason: 'too-much-media', explanation };
  }
  return undefined;
}

function eventOf(id: string, { route, text, media, replyTo, reaction }: OutboundDraft): OwnEvent {
  const { conversation, channel, from } = route;
  const shared = { key: outboundKey(id), conversation, channel, from };
  if (reaction !== undefined) {
    return { kind: 'reaction', ...shared, about: reaction.to.key, emoji: reaction.emoji };
  }
  return {
    kind: 'message',
    ...shared,
    direction: 'outbound',
    to: [route.to],
    ...(text !== undefined && { text }),
    ...(replyTo !== undefined && { replyTo: replyTo.key }),
    attachments: media.map((upload, index) => ({
      key: `media/${id}/${index}`,
      reference: `${blobReferencePrefix}${upload.blobId}`,
      contentType: upload.contentType,
      byteLength: upload.byteLength,
      sha256: upload.sha256,
      ...(upload.name !== undefined && { name: upload.name }),
    })),
  };
}
