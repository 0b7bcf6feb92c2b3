import { readOutbound } from '../../db/outbound.js';
import { eventKey } from '../../domain/event-keys.js';
import type { Tenant } from '../../domain/tenants.js';
import { originOf } from '../../pipeline/origin.js';
import { outboundKey } from '../../sdk/index.js';
import type { AdminOptions } from './options.js';

/**
 * The event key of what the gateway was asked to send or to call, by the id that the request was answered with. Undefined when
 * there is no such request; its record is made a little later.
 */
export async function requestedKey(
  { database, directory }: AdminOptions,
  tenant: Tenant,
  id: string,
): Promise<string | undefined> {
  const requested = await readOutbound(database.orm, tenant.id, id);
  const account = requested && (await directory.find(requested.accountId))?.account;
  return account && eventKey(tenant.vault, originOf(account, 'internal'), outboundKey(id));
}
