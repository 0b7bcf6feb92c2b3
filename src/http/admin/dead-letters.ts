import { z } from '@hono/zod-openapi';
import { type DeliveryRow, listDeadLetters, replayDeadLetters } from '../../db/delivery-queue.js';
import { failureKinds } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { explainFailure } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { idAfter, readPage } from './pagination.js';
import { addReplayRoute, type Replay } from './replay.js';
import { pageRoute } from './routes.js';
import { instantSchema, pageQuery } from './schemas.js';

const tags = ['Dead letters'];

const deadLetterSchema = z
  .object({
    id: z.uuid(),
    sink: z.uuid(),
    record: z.uuid(),
    attempts: z.int().nonnegative(),
    failureKind: z.enum(failureKinds).nullable(),
    failure: z.string().nullable(),
    explanation: z.string().nullable().openapi({ description: 'What the failure means and what to do.' }),
    changedAt: instantSchema,
  })
  .openapi('DeadLetter');

const listRoute = pageRoute({
  path: '/v1/dead-letters',
  operationId: 'listDeadLetters',
  summary: 'Deliveries that ended without success; their records are safe in the journal.',
  tags,
  query: pageQuery,
  items: 'dead letters',
  item: deadLetterSchema,
});

const replayDescription: Replay = {
  path: '/v1/dead-letters/replay',
  operationId: 'replayDeadLetters',
  summary: 'Queues dead letters again, with fresh attempts and the same keys.',
  tags,
  action: 'dead-letters.replay',
  replay: replayDeadLetters,
};

const order = { list: 'dead-letters', after: idAfter, positionOf: (row: DeliveryRow) => row.id };

export function addDeadLetterRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { rows, next } = await readPage(order, context.req.valid('query'), (page) =>
      listDeadLetters(database.orm, { instanceId: tenant.id, ...page }),
    );
    return context.json({ data: rows.map(deadLetterView), next }, 200);
  });
  addReplayRoute(app, options, replayDescription);
}

function deadLetterView(row: DeliveryRow): z.infer<typeof deadLetterSchema> {
  const { id, sinkId, recordId, attempts, failureKind, failure, changedAt } = row;
  return {
    id,
    sink: sinkId,
    record: recordId,
    attempts,
    failureKind,
    failure,
    explanation: failureKind === null ? null : explainFailure(failureKind),
    changedAt: changedAt.toISOString(),
  };
}
