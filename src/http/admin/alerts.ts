import { createRoute, z } from '@hono/zod-openapi';
import { type AlertRow, alertReasons, listAlerts } from '../../db/alerts.js';
import { requireInstance } from './access.js';
import { explainAlert } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { cutPage, idAfter } from './pagination.js';
import { instantSchema, jsonAnswer, pageQuery, pageSchema, problems, security } from './schemas.js';

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

const listRoute = createRoute({
  method: 'get',
  path: '/v1/alerts',
  operationId: 'listAlerts',
  summary:
    'What an operator must know or act on. Each alert is also a record, at its opening and at its closing.',
  tags: ['Operations'],
  security,
  request: { query: alertQuery },
  responses: { 200: jsonAnswer('A page of alerts.', pageSchema(alertSchema)), ...problems },
});

export function addAlertRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { limit, cursor, state } = context.req.valid('query');
    const list = `alerts-${state}`;
    const page = { instanceId: tenant.id, openOnly: state === 'open', after: idAfter(list, cursor) };
    const read = await listAlerts(database.orm, { ...page, limit: limit + 1 });
    const { rows, next } = cutPage(list, read, limit, (row) => row.id);
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
