import { createRoute, z } from '@hono/zod-openapi';
import { countDeliveries, type DeliveryCounts } from '../../db/status.js';
import { auditAct } from '../../domain/audit.js';
import { maskSecrets } from '../../domain/settings.js';
import { inspectSink } from '../../domain/sink-inspection.js';
import { addSink, type ConfiguredSink, readSinks } from '../../domain/sinks.js';
import { noDeliveries } from '../../domain/status.js';
import { findByIdOrName, requireInstance } from './access.js';
import { explainFailure } from './explanations.js';
import type { AdminApp, AdminOptions } from './options.js';
import { cutPage, numberAfter, pageOfAll } from './pagination.js';
import { takeOver } from './refresh.js';
import {
  bodyProblems,
  idOrNameParams,
  instanceQuery,
  jsonAnswer,
  jsonBody,
  operatorText,
  pageQuery,
  pageSchema,
  problemAnswer,
  problems,
  security,
  settingsSchema,
  troubleSchema,
} from './schemas.js';

const tags = ['Sinks'];
const count = z.int().nonnegative();

const sinkSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    type: z.string(),
    settings: settingsSchema.openapi({ description: 'Credentials are shown as ••••.' }),
    guarantees: z.object({
      immutable: z.boolean(),
      dedupes: z.boolean(),
      inspectable: z.boolean(),
      attachments: z.boolean(),
    }),
    trouble: troubleSchema.nullable(),
    waiting: count.openapi({ description: 'Deliveries that are still to be made.' }),
    delivered: count,
    dead: count.openapi({ description: 'Dead letters.' }),
  })
  .openapi('Sink');

const newSinkSchema = z
  .strictObject({ type: z.string().min(1).max(100), name: operatorText(200), settings: settingsSchema })
  .openapi('NewSink');

const inspectedSchema = z
  .object({
    record: z.uuid(),
    delivery: z.uuid(),
    locator: z.string(),
    result: z.enum(['intact', 'altered', 'missing']),
  })
  .openapi('Inspected');

const listRoute = createRoute({
  method: 'get',
  path: '/v1/sinks',
  operationId: 'listSinks',
  summary: 'The sinks of an instance, with what waits for them.',
  tags,
  security,
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page of sinks.', pageSchema(sinkSchema)), ...problems },
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/sinks/{id}',
  operationId: 'getSink',
  summary: 'One sink.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The sink.', sinkSchema), ...problems },
});

const addRoute = createRoute({
  method: 'post',
  path: '/v1/sinks',
  operationId: 'addSink',
  summary: 'Adds a sink, after it was opened once; it receives the records that are made from now on.',
  tags,
  security,
  request: { query: instanceQuery, body: jsonBody(newSinkSchema) },
  responses: { 201: jsonAnswer('Added.', sinkSchema), ...bodyProblems },
});

const inspectRoute = createRoute({
  method: 'post',
  path: '/v1/sinks/{id}/inspect',
  operationId: 'inspectSink',
  summary: 'Reads back what was delivered, page by page, and says whether it is intact.',
  tags,
  security,
  request: { params: idOrNameParams, query: pageQuery },
  responses: {
    200: jsonAnswer('A page of what was delivered.', pageSchema(inspectedSchema)),
    ...bodyProblems,
    409: problemAnswer('A sink of this type cannot be inspected.'),
  },
});

export function addSinkRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const sinks = await readSinks(database.orm, tenant, registry);
    const counts = await countDeliveries(database.orm, tenant.id);
    const views = sinks.map((sink) => sinkView(sink, counts.get(sink.id)));
    return context.json(pageOfAll('sinks', views, context.req.valid('query')), 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const sinks = await readSinks(database.orm, tenant, registry);
    const sink = findByIdOrName('sink', sinks, context.req.valid('param').id);
    const counts = await countDeliveries(database.orm, tenant.id);
    return context.json(sinkView(sink, counts.get(sink.id)), 200);
  });

  app.openapi(addRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const request = context.req.valid('json');
    const sink = await database.orm.transaction(async (tx) => {
      const added = await addSink(tx, tenant, registry, request);
      const detail = { name: added.name, type: added.type.id };
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'sink.add', subject: added.id, detail });
      return added;
    });
    await takeOver(options);
    return context.json(sinkView(sink, undefined), 201);
  });

  app.openapi(inspectRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { limit, cursor } = context.req.valid('query');
    const sinks = await readSinks(database.orm, tenant, registry);
    const sink = findByIdOrName('sink', sinks, context.req.valid('param').id);
    const list = `inspect-${sink.id}`;
    const after = numberAfter(list, cursor);
    const inspected = await inspectSink(database.orm, tenant, sink, { after, limit: limit + 1 });
    const { rows, next } = cutPage(list, inspected, limit, ({ sequence }) => sequence);
    const data = rows.map(({ record, delivery, locator, result }) => ({ record, delivery, locator, result }));
    return context.json({ data, next }, 200);
  });
}

function sinkView(
  sink: ConfiguredSink,
  { pending, delivered, dead }: DeliveryCounts = noDeliveries,
): z.infer<typeof sinkSchema> {
  const { id, name, type, settings } = sink;
  return {
    id,
    name,
    type: type.id,
    settings: maskSecrets(type.settings, settings),
    guarantees: { ...type.guarantees, attachments: type.guarantees.attachments ?? false },
    trouble: troubleView(sink),
    waiting: pending,
    delivered,
    dead,
  };
}

export function troubleView({ trouble }: ConfiguredSink): z.infer<typeof troubleSchema> | null {
  return trouble === null ? null : { ...trouble, explanation: explainFailure(trouble.kind) };
}
