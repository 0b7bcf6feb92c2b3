import { createRoute, z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import type { Database } from '../../db/client.js';
import type { AdminApp, AdminOptions } from './options.js';
import { ProblemError } from './problems.js';
import { jsonAnswer, problemAnswer } from './schemas.js';

const tags = ['Operations'];
const readyTimeoutMs = 3_000;

const documentRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  summary: 'This document.',
  tags,
  responses: { 200: jsonAnswer('OpenAPI 3.1.', z.record(z.string(), z.unknown())) },
});

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Metrics of this process, for Prometheus. They name no person.',
  tags,
  responses: {
    200: { description: 'The text format of Prometheus.', content: { 'text/plain': { schema: z.string() } } },
    500: problemAnswer('Something failed on our side.'),
  },
});

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  summary: 'Whether this process can do its work.',
  tags,
  responses: {
    200: jsonAnswer('It can.', z.object({ status: z.literal('ready') }).openapi('Readiness')),
    503: problemAnswer('What is missing.'),
  },
});

/** What machines ask, without a key: nothing here is about an instance. */
export function addOperationRoutes(app: AdminApp, { database, metrics, log }: AdminOptions): void {
  let document: Record<string, unknown> | undefined;

  app.openapi(documentRoute, (context) => {
    document ??= describeApi(app);
    return context.json(document, 200);
  });

  app.openapi(metricsRoute, async (context) => {
    const text = await metrics.registry.metrics();
    return context.text(text, 200, { 'Content-Type': metrics.registry.contentType });
  });

  app.openapi(readyRoute, async (context) => {
    try {
      await answersInTime(database);
    } catch (error) {
      log.warn({ error }, 'Not ready: the database does not answer.');
      throw new ProblemError(
        503,
        'The database does not answer. Webhooks go to the spool meanwhile; bring the database back or correct DATABASE_URL.',
      );
    }
    return context.json({ status: 'ready' as const }, 200);
  });
}

function describeApi(app: AdminApp): Record<string, unknown> {
  return {
    ...app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Archway, private API',
        version: '1',
        description:
          'Set up accounts and sinks, and read what was captured. Every error is problem details (RFC 9457).',
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
    }),
  };
}

async function answersInTime(database: Database): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('No answer in time.')), readyTimeoutMs);
  });
  try {
    await Promise.race([database.orm.execute(sql`select 1`), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
