import { z } from '@hono/zod-openapi';
import { type AlertRow, alertReasons, listAlerts } from '../../db/alerts.js';
import { requireInstance } from './access.js';
import { explainAlert } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { idAfter, readPage } from './pagination.js';
import { pageRoute } from './routes.js';
import { instantSchema, pageQuery } from './schemas.js';

const alertSchema = z
  .object({
    id: z.uuid(),
    reason: z.enum(alertReasons),
    subject: z.uuid().openapi({ description: 'Id of the sink, account, node or instance that it is about.' }),
    detail: z.string(),
    explanation: z.string().openapi({ description: 'What the reason means and what to do.' }),
    openedAt: instantSchema,
    closedAt: instantSchema.nullable(),
  })
  .openapi('Alert');

const alertQuery = pageQuery.extend({
  state: z.enum(['open', 'all']).default('open').openapi({ description: 'Those that are open, or all.' }),
});

const listRoute = pageRoute({
  path: '/v1/alerts',
  operationId: 'listAlerts',
  summary:
    'What an operator must know or act on. Each alert is also a record, at its opening and at its closing.',
  tags: ['Operations'],
  query: alertQuery,
  items: 'alerts',
  item: alertSchema,
});

export function addAlertRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { state, ...request } = context.req.valid('query');
    const order = { list: `alerts-${state}`, after: idAfter, positionOf: (row: AlertRow) => row.id };
    const { rows, next } = await readPage(order, request, (page) =>
      listAlerts(database.orm, { instanceId: tenant.id, openOnly: state === 'open', ...page }),
    );
    return context.json({ data: rows.map(alertView), next }, 200);
  });
}

function alertView({
  id,
  reason,
  subject,
  detail,
  openedAt,
  closedAt,
}: AlertRow): z.infer<typeof alertSchema> {
  return {
    id,
    reason,
    subject,
    detail,
    explanation: explainAlert(reason),
    openedAt: openedAt.toISOString(),
    closedAt: closedAt?.toISOString() ?? null,
  };
}
