import { createRoute, z } from '@hono/zod-openapi';
import { callOutcomes } from '../../core/call-fold.js';
import { readCalls } from '../../db/call-page.js';
import { type CallRow, readCall } from '../../db/calls.js';
import { readOutbound } from '../../db/outbound.js';
import { readAccounts } from '../../domain/accounts.js';
import { readCallDetails, readCallViews } from '../../domain/call-view.js';
import { eventKey } from '../../domain/event-keys.js';
import type { Tenant } from '../../domain/tenants.js';
import { originOf } from '../../pipeline/origin.js';
import { outboundKey } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { callDetailSchema, callSchema } from './call-schemas.js';
import { accountIdOf, partiesOf } from './filters.js';
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

const tags = ['Calls'];

const filters = pageQuery.extend({
  since: timeFilter('Began at this time or later, such as 2026-11-23T09:30:00Z.'),
  until: timeFilter('Began before this time.'),
  account: nameFilter('Id or name of an account.'),
  connector: nameFilter('Id of a connector, such as twilio-voice.'),
  custodian: nameFilter('Id or name of a custodian who took part, as far as is known today.'),
  contact: nameFilter('Id or name of a contact who took part, as far as is known today.'),
  direction: z.enum(['inbound', 'outbound']).optional(),
  outcome: z.enum(callOutcomes).optional(),
  address: z
    .string()
    .min(1)
    .max(320)
    .optional()
    .openapi({ description: 'A number or address of one of its legs.' }),
  conversation: z.uuid().optional(),
  order: orderFilter,
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/calls',
  operationId: 'listCalls',
  summary: 'The call log, in the order of the journal or against it.',
  tags,
  security,
  request: { query: filters },
  responses: { 200: jsonAnswer('A page of calls.', pageSchema(callSchema)), ...problems },
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/calls/{id}',
  operationId: 'getCall',
  summary: 'One call with its legs and its full history.',
  tags,
  security,
  request: { params: idParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The call.', callDetailSchema), ...problems },
});

export function addCallRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const query = context.req.valid('query');
    const read = await readCalls(database.orm, {
      instanceId: tenant.id,
      after: query.cursor === undefined ? undefined : numberAfter('calls', query.cursor),
      limit: query.limit + 1,
      order: query.order,
      accountIds: await accountIdsOf(options, tenant, query),
      conversationId: query.conversation,
      direction: query.direction,
      outcome: query.outcome,
      parties: await partiesOf(options, tenant, query),
      since: query.since === undefined ? undefined : new Date(query.since),
      until: query.until === undefined ? undefined : new Date(query.until),
    });
    const { rows, next } = cutPage('calls', read, query.limit, (row) => row.sequence);
    return context.json({ data: await readCallViews(database.orm, tenant, rows), next }, 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const row =
      (await readCall(database.orm, tenant.id, id)) ?? (await readRequestedCall(options, tenant, id));
    const [detail] = row === undefined ? [] : await readCallDetails(database.orm, tenant, [row]);
    if (detail === undefined) throw new ProblemError(404, `There is no call ${id} in this instance.`);
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

/** By the id that the request to make it was answered with; undefined until its record is made. */
async function readRequestedCall(
  { database, directory }: AdminOptions,
  tenant: Tenant,
  id: string,
): Promise<CallRow | undefined> {
  const requested = await readOutbound(database.orm, tenant.id, id);
  const account = requested && (await directory.find(requested.accountId))?.account;
  if (account === undefined) return undefined;
  return readCall(
    database.orm,
    tenant.id,
    eventKey(tenant.vault, originOf(account, 'internal'), outboundKey(id)),
  );
}
