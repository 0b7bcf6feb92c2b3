import { createRoute, z } from '@hono/zod-openapi';
import { listReconciliations, type ReconciliationRow } from '../../db/reconciliations.js';
import { readAccounts } from '../../domain/accounts.js';
import { auditAct } from '../../domain/audit.js';
import { openReconciliation } from '../../domain/reconciliations.js';
import { failureKinds } from '../../sdk/index.js';
import { findByIdOrName, requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { beforeId, cutPage } from './pagination.js';
import { ProblemError } from './problems.js';
import {
  bodyProblems,
  idOrNameParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  pageQuery,
  pageSchema,
  problemAnswer,
  problems,
  security,
} from './schemas.js';

const tags = ['Reconciliations'];

const count = z.int().nonnegative();

const reconciliationSchema = z
  .object({
    id: z.uuid(),
    account: z.uuid(),
    cause: z.enum(['start', 'outage', 'spool-full', 'nightly', 'operator', 'watchdog']),
    since: instantSchema,
    until: instantSchema,
    state: z.enum(['pending', 'done', 'failed', 'unlistable']),
    /** How far the listing has come. */
    listedUntil: instantSchema,
    observed: count.openapi({ description: 'What the provider listed: the sum of the other three.' }),
    recorded: count.openapi({ description: 'The journal had it.' }),
    missing: count.openapi({ description: 'It was not there, and was captured now as `reconciled`.' }),
    late: count.openapi({ description: 'It was on its way by webhook when the provider was asked.' }),
    failureKind: z.enum(failureKinds).nullable(),
    failure: z.string().nullable(),
    /** When the provider is asked next, while it is pending. */
    dueAt: instantSchema,
    createdAt: instantSchema,
    startedAt: instantSchema.nullable(),
    endedAt: instantSchema.nullable(),
  })
  .openapi('Reconciliation', { description: 'A window of time, compared with what the provider lists.' });

const windowSchema = z
  .strictObject({ since: instantSchema, until: instantSchema.optional() })
  .openapi('ReconciliationWindow', { description: '`until` is now when it is left out, or later than now.' });

const listRoute = createRoute({
  method: 'get',
  path: '/v1/reconciliations',
  operationId: 'listReconciliations',
  summary: 'Windows that are or were compared with what a provider lists, the newest first.',
  tags,
  security,
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page of windows.', pageSchema(reconciliationSchema)), ...problems },
});

const reconcileRoute = createRoute({
  method: 'post',
  path: '/v1/accounts/{id}/reconcile',
  operationId: 'reconcileAccount',
  summary: 'Compares a window with what the provider lists; what is missing is captured.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery, body: jsonBody(windowSchema) },
  responses: {
    202: jsonAnswer('It is on the list.', reconciliationSchema),
    ...bodyProblems,
    409: problemAnswer('This connector cannot list, or the window lies where nothing can be listed.'),
  },
});

export function addReconciliationRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { limit, cursor } = context.req.valid('query');
    const before = beforeId('reconciliations', cursor);
    const page = { instanceId: tenant.id, before, limit: limit + 1 };
    const read = await listReconciliations(database.orm, page);
    const { rows, next } = cutPage('reconciliations', read, limit, (row) => row.id);
    return context.json({ data: rows.map(reconciliationView), next }, 200);
  });

  app.openapi(reconcileRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const accounts = await readAccounts(database.orm, tenant, registry);
    const account = findByIdOrName('account', accounts, context.req.valid('param').id);
    if (account.connector.reconcile === undefined) {
      throw new ProblemError(409, `The connector ${account.connector.id} cannot list what its provider has.`);
    }
    const { since, until } = context.req.valid('json');
    const now = Date.now();
    const end = until === undefined ? now : Math.min(Date.parse(until), now);
    const window = { since: new Date(since), until: new Date(end) };
    const row = await database.orm.transaction(async (tx) => {
      const opened = await openReconciliation(tx, tenant, account, { ...window, cause: 'operator' });
      if (opened === undefined) return undefined;
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'account.reconcile', subject: account.id });
      return opened;
    });
    if (row === undefined) {
      throw new ProblemError(
        409,
        'The window is empty, or lies before what the provider still lists. Give a `since` in the past and before `until`.',
      );
    }
    return context.json(reconciliationView(row), 202);
  });
}

function reconciliationView(row: ReconciliationRow): z.infer<typeof reconciliationSchema> {
  const { id, accountId, cause, state, observed, recorded, missing, late, failureKind, failure } = row;
  return {
    id,
    account: accountId,
    cause,
    since: row.since.toISOString(),
    until: row.until.toISOString(),
    state,
    listedUntil: row.listedUntil.toISOString(),
    observed,
    recorded,
    missing,
    late,
    failureKind,
    failure,
    dueAt: row.dueAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
