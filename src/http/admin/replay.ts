import { createRoute } from '@hono/zod-openapi';
import type { Queries } from '../../db/client.js';
import { auditAct } from '../../domain/audit.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import {
  bodyProblems,
  instanceQuery,
  jsonAnswer,
  optionalJsonBody,
  replayBody,
  replayedSchema,
  security,
} from './schemas.js';

export interface Replay {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tags: string[];
  readonly action: 'dead-letters.replay' | 'quarantine.replay';
  /** Puts them back to work, and returns how many. Without ids, all of the instance. */
  readonly replay: (tx: Queries, request: { instanceId: string; ids?: readonly string[] }) => Promise<number>;
}

/** A route that puts back to work what was set aside, and notes who did. */
export function addReplayRoute(
  app: AdminApp,
  { database, tenants }: AdminOptions,
  { action, replay, ...description }: Replay,
): void {
  const route = createRoute({
    method: 'post',
    ...description,
    security,
    request: { query: instanceQuery, body: optionalJsonBody(replayBody) },
    responses: { 200: jsonAnswer('How many.', replayedSchema), ...bodyProblems },
  });

  app.openapi(route, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { ids } = context.req.valid('json');
    const actor = context.get('caller').keyId;
    const replayed = await database.orm.transaction(async (tx) => {
      const count = await replay(tx, { instanceId: tenant.id, ...(ids && { ids }) });
      const detail = { ids: ids ?? 'all', replayed: count };
      await auditAct(tx, tenant, { actor, action, subject: tenant.id, detail });
      return count;
    });
    return context.json({ replayed }, 200);
  });
}
