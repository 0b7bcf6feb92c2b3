import { createRoute, z } from '@hono/zod-openapi';
import { readStatus } from '../../domain/status.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { instanceQuery, instantSchema, jsonAnswer, problems, security } from './schemas.js';
import { sinkStateSchema, sinkView, troubleSchema } from './sink-views.js';

const count = z.int().nonnegative();

const statusSchema = z
  .object({
    records: count,
    unmatched: count.openapi({ description: 'Records that no sink took; they stand in the journal.' }),
    messages: count,
    captures: z.object({ pending: count, quarantined: count }),
    deliveries: z.object({ pending: count, delivered: count, dead: count }),
    parkedReceipts: count.openapi({ description: 'Receipts about messages that are not in the journal.' }),
    unassignedOwnAddresses: count.openapi({
      description: 'Addresses of accounts that belong to no custodian now; archway people assign.',
    }),
    outbound: z
      .object({
        waiting: count.openapi({ description: 'To be sent, and nothing of it has left.' }),
        indeterminate: count.openapi({ description: 'Without an answer: for a person to settle.' }),
        pausedAccounts: count.openapi({
          description: 'Accounts that cannot send now; see GET /v1/accounts.',
        }),
      })
      .openapi({ description: 'What the gateway was asked to send.' }),
    spool: z.object({
      waiting: z.boolean().openapi({ description: 'Captures of this node wait on disk for the database.' }),
    }),
    testEndpoints: z.boolean().openapi({
      description: 'Whether this machine itself may play a provider; never while there is real traffic.',
    }),
    sinks: z.array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        state: sinkStateSchema,
        pausedAt: instantSchema.nullable(),
        trouble: troubleSchema.nullable(),
        waiting: count,
        lagSeconds: z.number().nonnegative(),
      }),
    ),
  })
  .openapi('Status');

const showRoute = createRoute({
  method: 'get',
  path: '/v1/status',
  operationId: 'getStatus',
  summary: 'Where everything of an instance stands.',
  tags: ['Operations'],
  security,
  request: { query: instanceQuery },
  responses: { 200: jsonAnswer('The status.', statusSchema), ...problems },
});

export function addStatusRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry, spoolWaiting, allowTestEndpoints } = options;

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const status = await readStatus(database.orm, tenant, registry);
    const sinks = status.sinks.map(({ sink, figures }) => {
      const { id, name, state, pausedAt, trouble, waiting, lagSeconds } = sinkView(registry, sink, figures);
      return { id, name, state, pausedAt, trouble, waiting, lagSeconds };
    });
    const node = { spool: { waiting: spoolWaiting() }, testEndpoints: allowTestEndpoints };
    return context.json({ ...status, ...node, sinks }, 200);
  });
}
