import type { Tenant } from './tenants.js';

/** The keyed id of a conversation, made of the connector's own scope, which may name a person. */
export function conversationIdOf(
  { vault }: Pick<Tenant, 'vault'>,
  connectorId: string,
  accountId: string | undefined,
  scope: string,
): string {
  return vault.lookupId('conversation', `${connectorId}/${accountId ?? ''}/${scope}`);
}
