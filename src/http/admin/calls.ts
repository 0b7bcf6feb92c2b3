import { z } from '@hono/zod-openapi';
import { callOutcomes } from '../../core/call-fold.js';
import { readCalls } from '../../db/call-page.js';
import { type CallRow, readCall } from '../../db/calls.js';
import { readAccounts } from '../../domain/accounts.js';
import { readCallDetails, readCallViews } from '../../domain/call-view.js';
import type { Tenant } from '../../domain/tenants.js';
import { requireInstance } from './access.js';
import { callDetailSchema, callSchema } from './call-schemas.js';
import { accountIdOf } from './filters.js';
import { addressFilter, logFilters, logRequest } from './log-filters.js';
import type { AdminApp, AdminOptions } from './options.js';
import { numberPast, readPage } from './pagination.js';
import { notFound } from './problems.js';
import { requestedKey } from './requested.js';
import { itemRoute, pageRoute } from './routes.js';
import { idParams, nameFilter, pageQuery, timeFilter } from './schemas.js';

const tags = ['Calls'];

const { account, custodian, contact, direction, conversation, order } = logFilters;

const filters = pageQuery.extend({
  since: timeFilter('Began at this time or later, such as 2026-11-23T09:30:00Z.'),
  until: timeFilter('Began before this time.'),
  account,
  connector: nameFilter('Id of a connector, such as twilio-voice.'),
  custodian,
  contact,
  direction,
  outcome: z.enum(callOutcomes).optional(),
  address: addressFilter('A number or address of one of its legs.'),
  conversation,
  order,
});

const listRoute = pageRoute({
  path: '/v1/calls',
  operationId: 'listCalls',
  summary: 'The call log, in the order of the journal or against it.',
  tags,
  query: filters,
  items: 'calls',
  item: callSchema,
});

const showRoute = itemRoute({
  path: '/v1/calls/{id}',
  operationId: 'getCall',
  summary: 'One call with its legs and its full history.',
  tags,
  params: idParams,
  what: 'call',
  item: callDetailSchema,
});

const position = { list: 'calls', after: numberPast, positionOf: (row: CallRow) => row.sequence };

export function addCallRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const query = context.req.valid('query');
    const wanted = {
      ...(await logRequest(options, tenant, query)),
      accountIds: await accountIdsOf(options, tenant, query),
      outcome: query.outcome,
    };
    const { rows, next } = await readPage(position, query, (page) =>
      readCalls(database.orm, { ...wanted, ...page }),
    );
    return context.json({ data: await readCallViews(database.orm, tenant, rows), next }, 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const row = (await readCall(database.orm, tenant.id, id)) ?? (await readRequested(options, tenant, id));
    const [detail] = row === undefined ? [] : await readCallDetails(database.orm, tenant, [row]);
    if (detail === undefined) throw notFound('call', id);
    return context.json(detail, 200);
  });
}

async function accountIdsOf(
  options: AdminOptions,
  tenant: Tenant,
  { account, connector }: Pick<z.infer<typeof filters>, 'account' | 'connector'>,
): Promise<string[] | undefined> {
  const named = await accountIdOf(options, tenant, account);
  if (connector === undefined) return named === undefined ? undefined : [named];
  const accounts = await readAccounts(options.database.orm, tenant, options.registry);
  const ids = accounts.filter((each) => each.connector.id === connector).map(({ id }) => id);
  return named === undefined ? ids : ids.filter((id) => id === named);
}

/** By the id that the request to make it was answered with. */
async function readRequested(
  options: AdminOptions,
  tenant: Tenant,
  id: string,
): Promise<CallRow | undefined> {
  const key = await requestedKey(options, tenant, id);
  return key === undefined ? undefined : readCall(options.database.orm, tenant.id, key);
}
