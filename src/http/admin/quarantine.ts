import { z } from '@hono/zod-openapi';
import { listQuarantined, type QuarantinedRow, replayQuarantined } from '../../db/inbox.js';
import { quarantineDetailPlace } from '../../pipeline/recorder.js';
import type { InstanceVault } from '../../vault/index.js';
import { requireInstance } from './access.js';
import { explainQuarantine } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { numberAfter, readPage } from './pagination.js';
import { addReplayRoute, type Replay } from './replay.js';
import { pageRoute } from './routes.js';
import { instantSchema, pageQuery } from './schemas.js';

const tags = ['Quarantine'];

const quarantinedSchema = z
  .object({
    id: z.uuid(),
    account: z.uuid().nullable(),
    endpoint: z.string(),
    receivedAt: instantSchema,
    attempts: z.int().nonnegative(),
    reason: z.string(),
    explanation: z.string().openapi({ description: 'What the reason means and what to do.' }),
    detail: z.string().nullable(),
  })
  .openapi('QuarantinedCapture');

const listRoute = pageRoute({
  path: '/v1/quarantine',
  operationId: 'listQuarantine',
  summary: 'Captures that could not be turned into records; they are kept.',
  tags,
  query: pageQuery,
  items: 'captures',
  item: quarantinedSchema,
});

const replayDescription: Replay = {
  path: '/v1/quarantine/replay',
  operationId: 'replayQuarantine',
  summary: 'Puts quarantined captures back into the inbox, to be read again.',
  tags,
  action: 'quarantine.replay',
  replay: replayQuarantined,
};

const order = { list: 'quarantine', after: numberAfter, positionOf: (row: QuarantinedRow) => row.position };

export function addQuarantineRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { rows, next } = await readPage(order, context.req.valid('query'), (page) =>
      listQuarantined(database.orm, { instanceId: tenant.id, ...page }),
    );
    return context.json({ data: rows.map((row) => quarantinedView(tenant.vault, row)), next }, 200);
  });
  addReplayRoute(app, options, replayDescription);
}

function quarantinedView(vault: InstanceVault, row: QuarantinedRow): z.infer<typeof quarantinedSchema> {
  const { id, accountId, endpoint, receivedAt, attempts, reason, sealedDetail } = row;
  return {
    id,
    account: accountId,
    endpoint,
    receivedAt: receivedAt.toISOString(),
    attempts,
    reason: reason ?? 'unknown',
    explanation: explainQuarantine(reason),
    detail: sealedDetail === null ? null : vault.openText(sealedDetail, quarantineDetailPlace(id)),
  };
}
