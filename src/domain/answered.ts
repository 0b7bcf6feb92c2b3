import type { Queries } from '../db/client.js';
import { readRecordsById } from '../db/journal.js';
import { readOutbound } from '../db/outbound.js';
import { outboundKey } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { type Answered, openOutbound } from './outbound-draft.js';
import { openContent } from './records.js';
import { SendRequestError } from './send-request-error.js';
import type { Tenant } from './tenants.js';

/**
 * Finds the message that is to be answered, or reacted to.
 *
 * @param id of its record; undefined for a message that answers none.
 * @throws {SendRequestError} where it cannot be answered by this account.
 */
export async function findAnswered(
  queries: Queries,
  tenant: Tenant,
  account: Account,
  id: string | undefined,
): Promise<Answered | undefined> {
  if (id === undefined) return undefined;
  const record = (await readRecordsById(queries, [id])).get(id);
  if (record === undefined || record.instanceId !== tenant.id || record.kind !== 'message') {
    throw refused(`There is no message ${id} in this instance to answer or react to.`);
  }
  if (record.accountId !== account.id) {
    throw refused(
      `Message ${id} belongs to another account than ${account.name}, which can do nothing about it.`,
    );
  }
  if (record.sealedContent === null) throw refused(`The content of message ${id} was erased.`);
  const { content } = openContent(tenant.vault, record);
  if (content.kind !== 'message') throw refused(`Record ${id} is no message to answer or react to.`);
  const { key, direction, from } = content;
  const sent = key.startsWith(outboundKey(''))
    ? await readOutbound(queries, tenant.id, key.slice(outboundKey('').length))
    : undefined;
  if (sent === undefined) return { key, providerKey: key, direction, from };
  const [providerKey] = openOutbound(tenant.vault, sent).accepted?.aliases ?? [];
  if (providerKey === undefined) throw refused(`Message ${id} was not taken by the provider, or not yet.`);
  return { key, providerKey, direction, from };
}

function refused(explanation: string): SendRequestError {
  return new SendRequestError('invalid', explanation);
}
