import { createRoute, z } from '@hono/zod-openapi';
import { type DeliveryRow, listDeadLetters, replayDeadLetters } from '../../db/delivery-queue.js';
import { failureKinds } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { explainFailure } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { cutPage, idAfter } from './pagination.js';
import { replayAside } from './replay.js';
import {
  bodyProblems,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  optionalJsonBody,
  pageQuery,
  pageSchema,
  problems,
  replayBody,
  replayedSchema,
  security,
} from './schemas.js';

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

const listRoute = createRoute({
  method: 'get',
  path: '/v1/dead-letters',
  operationId: 'listDeadLetters',
  summary: 'Deliveries that ended without success; their records are safe in the journal.',
  tags,
  security,
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page of dead letters.', pageSchema(deadLetterSchema)), ...problems },
});

const replayRoute = createRoute({
  method: 'post',
  path: '/v1/dead-letters/replay',
  operationId: 'replayDeadLetters',
  summary: 'Queues dead letters again, with fresh attempts and the same keys.',
  tags,
  security,
  request: { query: instanceQuery, body: optionalJsonBody(replayBody) },
  responses: { 200: jsonAnswer('How many.', replayedSchema), ...bodyProblems },
});

export function addDeadLetterRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { limit, cursor } = context.req.valid('query');
    const after = idAfter('dead-letters', cursor);
    const read = await listDeadLetters(database.orm, { instanceId: tenant.id, after, limit: limit + 1 });
    const { rows, next } = cutPage('dead-letters', read, limit, (row) => row.id);
    return context.json({ data: rows.map(deadLetterView), next }, 200);
  });

  app.openapi(replayRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { ids } = context.req.valid('json');
    const actor = context.get('caller').keyId;
    const request = { actor, action: 'dead-letters.replay', ids, replay: replayDeadLetters } as const;
    const replayed = await replayAside(database, tenant, request);
    return context.json({ replayed }, 200);
  });
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
