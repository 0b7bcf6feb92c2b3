import { z } from '@hono/zod-openapi';
import type { Mention } from '../../db/message-page.js';
import type { Tenant } from '../../domain/tenants.js';
import { type PartyFilter, partiesOf } from './filters.js';
import type { AdminOptions } from './options.js';
import { nameFilter, orderFilter } from './schemas.js';

/** What the message log, the call log and the list of conversations are filtered by. */

export const addressFilter = (description: string) =>
  z.string().min(1).max(320).optional().openapi({ description });

export const logFilters = {
  account: nameFilter('Id or name of an account.'),
  custodian: nameFilter('Id or name of a custodian who took part, as far as is known today.'),
  contact: nameFilter('Id or name of a contact who took part, as far as is known today.'),
  direction: z.enum(['inbound', 'outbound']).optional(),
  conversation: z.uuid().optional(),
  order: orderFilter,
};

interface PeriodQuery {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

interface LogQuery extends PeriodQuery, PartyFilter {
  readonly conversation?: string | undefined;
  readonly direction?: 'inbound' | 'outbound' | undefined;
  readonly order: 'oldest' | 'newest';
}

export function periodOf({ since, until }: PeriodQuery): {
  since: Date | undefined;
  until: Date | undefined;
} {
  const date = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  return { since: date(since), until: date(until) };
}

/** What both logs ask of the database. */
export async function logRequest(options: AdminOptions, tenant: Tenant, query: LogQuery) {
  const parties: Mention[][] = await partiesOf(options, tenant, query);
  const { order, direction, conversation: conversationId } = query;
  return { instanceId: tenant.id, order, direction, conversationId, parties, ...periodOf(query) };
}
