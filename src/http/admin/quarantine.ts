import { createRoute, z } from '@hono/zod-openapi';
import { listQuarantined, type QuarantinedRow, replayQuarantined } from '../../db/inbox.js';
import { quarantineDetailPlace } from '../../pipeline/recorder.js';
import type { InstanceVault } from '../../vault/index.js';
import { requireInstance } from './access.js';
import { explainQuarantine } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { cutPage, numberAfter } from './pagination.js';
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

const listRoute = createRoute({
  method: 'get',
  path: '/v1/quarantine',
  operationId: 'listQuarantine',
  summary: 'Captures that could not be turned into records; they are kept.',
  tags,
  security,
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page of captures.', pageSchema(quarantinedSchema)), ...problems },
});

const replayRoute = createRoute({
  method: 'post',
  path: '/v1/quarantine/replay',
  operationId: 'replayQuarantine',
  summary: 'Puts quarantined captures back into the inbox, to be read again.',
  tags,
  security,
  request: { query: instanceQuery, body: optionalJsonBody(replayBody) },
  responses: { 200: jsonAnswer('How many.', replayedSchema), ...bodyProblems },
});

export function addQuarantineRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { limit, cursor } = context.req.valid('query');
    const after = numberAfter('quarantine', cursor);
    const read = await listQuarantined(database.orm, { instanceId: tenant.id, after, limit: limit + 1 });
    const { rows, next } = cutPage('quarantine', read, limit, (row) => row.position);
    return context.json({ data: rows.map((row) => quarantinedView(tenant.vault, row)), next }, 200);
  });

  app.openapi(replayRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { ids } = context.req.valid('json');
    const actor = context.get('caller').keyId;
    const request = { actor, action: 'quarantine.replay', ids, replay: replayQuarantined } as const;
    const replayed = await replayAside(database, tenant, request);
    return context.json({ replayed }, 200);
  });
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
