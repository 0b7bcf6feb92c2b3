import { createRoute, z } from '@hono/zod-openapi';
import { type MessageRow, readMessage, readMessageByKey } from '../../db/message-log.js';
import { readMessages } from '../../db/message-page.js';
import { readOutbound } from '../../db/outbound.js';
import { readDeliveryViews } from '../../domain/delivery-view.js';
import { eventKey } from '../../domain/event-keys.js';
import { readHistoryEntries } from '../../domain/history-view.js';
import { readMessageViews } from '../../domain/message-view.js';
import type { Tenant } from '../../domain/tenants.js';
import { originOf } from '../../pipeline/origin.js';
import { outboundKey } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { accountIdOf, partiesOf } from './filters.js';
import { messageDetailSchema, messageSchema } from './message-schemas.js';
import type { AdminApp, AdminOptions } from './options.js';
import { cutPage, numberAfter } from './pagination.js';
import { ProblemError } from './problems.js';
import {
  idParams,
  instanceQuery,
  jsonAnswer,
  nameFilter,
  orderFilter,
  pageQuery,
  pageSchema,
  problems,
  security,
  timeFilter,
} from './schemas.js';

const tags = ['Messages'];

const filters = pageQuery.extend({
  since: timeFilter('Received at this time or later, such as 2026-11-23T09:30:00Z.'),
  until: timeFilter('Received before this time.'),
  account: nameFilter('Id or name of an account.'),
  custodian: nameFilter('Id or name of a custodian who took part, as far as is known today.'),
  contact: nameFilter('Id or name of a contact who took part, as far as is known today.'),
  direction: z.enum(['inbound', 'outbound']).optional(),
  address: z
    .string()
    .min(1)
    .max(320)
    .optional()
    .openapi({ description: 'A number or address that sent or received it.' }),
  conversation: z.uuid().optional(),
  order: orderFilter,
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/messages',
  operationId: 'listMessages',
  summary: 'The message log, in the order of the journal or against it.',
  tags,
  security,
  request: { query: filters },
  responses: { 200: jsonAnswer('A page of messages.', pageSchema(messageSchema)), ...problems },
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/messages/{id}',
  operationId: 'getMessage',
  summary: 'One message with its full history and its deliveries.',
  tags,
  security,
  request: { params: idParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The message.', messageDetailSchema), ...problems },
});

export function addMessageRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const query = context.req.valid('query');
    const read = await readMessages(database.orm, {
      instanceId: tenant.id,
      after: query.cursor === undefined ? undefined : numberAfter('messages', query.cursor),
      limit: query.limit + 1,
      order: query.order,
      accountId: await accountIdOf(options, tenant, query.account),
      conversationId: query.conversation,
      direction: query.direction,
      parties: await partiesOf(options, tenant, query),
      since: query.since === undefined ? undefined : new Date(query.since),
      until: query.until === undefined ? undefined : new Date(query.until),
    });
    const { rows, next } = cutPage('messages', read, query.limit, (row) => row.sequence);
    return context.json({ data: await readMessageViews(database.orm, tenant, rows), next }, 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const row =
      (await readMessage(database.orm, tenant.id, id)) ?? (await readRequestedMessage(options, tenant, id));
    const [view] = row === undefined ? [] : await readMessageViews(database.orm, tenant, [row]);
    if (row === undefined || view === undefined) {
      throw new ProblemError(404, `There is no message ${id} in this instance.`);
    }
    const history = await readHistoryEntries(database.orm, tenant, row.eventKey);
    const deliveries = await readDeliveryViews(database.orm, tenant, registry, row.recordId);
    return context.json({ ...view, history, deliveries }, 200);
  });
}

/** By the id that the request to send it was answered with; undefined until its record is made. */
async function readRequestedMessage(
  { database, directory }: AdminOptions,
  tenant: Tenant,
  id: string,
): Promise<MessageRow | undefined> {
  const requested = await readOutbound(database.orm, tenant.id, id);
  const account = requested && (await directory.find(requested.accountId))?.account;
  if (account === undefined) return undefined;
  const key = eventKey(tenant.vault, originOf(account, 'internal'), outboundKey(id));
  return readMessageByKey(database.orm, tenant.id, key);
}
