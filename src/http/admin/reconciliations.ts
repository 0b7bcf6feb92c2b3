import { createRoute, z } from '@hono/zod-openapi';
import { listReconciliations, type ReconciliationRow } from '../../db/reconciliations.js';
import { auditAct } from '../../domain/audit.js';
import { openReconciliation } from '../../domain/reconciliations.js';
import { failureKinds } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { findAccount } from './find-account.js';
import type { AdminApp, AdminOptions } from './options.js';
import { beforeId, readPage } from './pagination.js';
import { ProblemError } from './problems.js';
import { pageRoute } from './routes.js';
import {
  bodyProblems,
  idOrNameParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  pageQuery,
  problemAnswer,
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

const listRoute = pageRoute({
  path: '/v1/reconciliations',
  operationId: 'listReconciliations',
  summary: 'Windows that are or were compared with what a provider lists, the newest first.',
  tags,
  query: pageQuery,
  items: 'windows',
  item: reconciliationSchema,
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

const order = { list: 'reconciliations', after: beforeId, positionOf: (row: ReconciliationRow) => row.id };

export function addReconciliationRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { rows, next } = await readPage(order, context.req.valid('query'), ({ after, limit }) =>
      listReconciliations(database.orm, { instanceId: tenant.id, before: after, limit }),
    );
    return context.json({ data: rows.map(reconciliationView), next }, 200);
  });

  app.openapi(reconcileRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const account = await findAccount(options, tenant, context.req.valid('param').id);
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
