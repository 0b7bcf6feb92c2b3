import { canonicalBytes } from '../core/canonical.js';
import type { Database } from '../db/client.js';
import type { OutboundRow } from '../db/outbound.js';
import { type CallRoute, type OwnEvent, outboundKey } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { commitRequest } from './outbound.js';
import { SendRequestError } from './send-request-error.js';
import type { Tenant } from './tenants.js';

/** What a caller wants. */
export interface CallRequest {
  readonly to: string;
  /** Where the custodian is rung first; undefined: what the account's settings say. */
  readonly ring?: string | undefined;
  /** The same key with the same request is one call, however often it is asked. */
  readonly idempotencyKey: string;
  /** Id of the API key that asks. */
  readonly actor: string;
}

/**
 * Commits the request for a call with the record that it was made. When this resolves, the provider will be asked for it
 * once, and the record comes first. Calls go the way of messages that are sent.
 *
 * @returns the call; the one of the first request when this repeats it.
 * @throws {SendRequestError}
 */
export async function requestCall(
  database: Database,
  tenant: Tenant,
  account: Account,
  request: CallRequest,
): Promise<OutboundRow> {
  const { to, ring, idempotencyKey, actor } = request;
  const { ring: custodian, ...route } = routeOf(account, request);
  const asked = { call: to, ...(ring !== undefined && { ring }) };
  return commitRequest(database, tenant, account, {
    ...{ idempotencyKey, actor, action: 'call.request' },
    requestId: tenant.vault.lookupId('outbound-request', Buffer.from(canonicalBytes(asked)).toString('utf8')),
    draft: { route, ring: custodian, media: [] },
    refusal: async () => undefined,
    eventOf: (id) => callOf(id, { ...route, ring: custodian }),
  });
}

function routeOf({ connector, settings, name }: Account, { to, ring }: CallRequest): CallRoute {
  const { capabilities, routeCall, call } = connector;
  if (capabilities.calls === undefined || call === undefined || routeCall === undefined) {
    throw new SendRequestError(
      'invalid',
      `The connector ${connector.id} of account ${name} cannot make calls.`,
    );
  }
  const routed = connector.routeCall?.({ to, ...(ring !== undefined && { ring }) }, settings);
  if (routed?.ok !== true) throw new SendRequestError('invalid', routed?.reason ?? 'No route.');
  return routed.route;
}

function callOf(id: string, { from, to, ring, conversation, channel }: CallRoute): OwnEvent {
  return {
    ...{ kind: 'call', key: outboundKey(id), direction: 'outbound', status: 'requested' },
    ...{ conversation, channel, from, to: [to], forwardedTo: [ring] },
  };
}
