import { type MessageRow, readMessage, readMessageByKey } from '../../db/message-log.js';
import { readMessages } from '../../db/message-page.js';
import { readDeliveryViews } from '../../domain/delivery-view.js';
import { readHistoryEntries } from '../../domain/history-view.js';
import { readMessageViews } from '../../domain/message-view.js';
import type { Tenant } from '../../domain/tenants.js';
import { requireInstance } from './access.js';
import { accountIdOf } from './filters.js';
import { addressFilter, logFilters, logRequest } from './log-filters.js';
import { messageDetailSchema, messageSchema } from './message-schemas.js';
import type { AdminApp, AdminOptions } from './options.js';
import { numberPast, readPage } from './pagination.js';
import { notFound } from './problems.js';
import { requestedKey } from './requested.js';
import { itemRoute, pageRoute } from './routes.js';
import { idParams, pageQuery, timeFilter } from './schemas.js';

const tags = ['Messages'];

const { account, custodian, contact, direction, conversation, order } = logFilters;

const filters = pageQuery.extend({
  since: timeFilter('Received at this time or later, such as 2026-11-23T09:30:00Z.'),
  until: timeFilter('Received before this time.'),
  account,
  custodian,
  contact,
  direction,
  address: addressFilter('A number or address that sent or received it.'),
  conversation,
  order,
});

const listRoute = pageRoute({
  path: '/v1/messages',
  operationId: 'listMessages',
  summary: 'The message log, in the order of the journal or against it.',
  tags,
  query: filters,
  items: 'messages',
  item: messageSchema,
});

const showRoute = itemRoute({
  path: '/v1/messages/{id}',
  operationId: 'getMessage',
  summary: 'One message with its full history and its deliveries.',
  tags,
  params: idParams,
  what: 'message',
  item: messageDetailSchema,
});

const position = { list: 'messages', after: numberPast, positionOf: (row: MessageRow) => row.sequence };

export function addMessageRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const query = context.req.valid('query');
    const wanted = {
      ...(await logRequest(options, tenant, query)),
      accountId: await accountIdOf(options, tenant, query.account),
    };
    const { rows, next } = await readPage(position, query, (page) =>
      readMessages(database.orm, { ...wanted, ...page }),
    );
    return context.json({ data: await readMessageViews(database.orm, tenant, rows), next }, 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const row =
      (await readMessage(database.orm, tenant.id, id)) ?? (await readRequested(options, tenant, id));
    const [view] = row === undefined ? [] : await readMessageViews(database.orm, tenant, [row]);
    if (row === undefined || view === undefined) {
      throw notFound('message', id);
    }
    const history = await readHistoryEntries(database.orm, tenant, row.eventKey);
    const deliveries = await readDeliveryViews(database.orm, tenant, registry, row.recordId);
    return context.json({ ...view, history, deliveries }, 200);
  });
}

/** By the id that the request to send it was answered with. */
async function readRequested(
  options: AdminOptions,
  tenant: Tenant,
  id: string,
): Promise<MessageRow | undefined> {
  const key = await requestedKey(options, tenant, id);
  return key === undefined ? undefined : readMessageByKey(options.database.orm, tenant.id, key);
}
