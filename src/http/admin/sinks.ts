import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Queries } from '../../db/client.js';
import { readFigures } from '../../db/sink-counts.js';
import { resumeSink, retrySink, stopSink } from '../../db/sinks.js';
import { auditAct } from '../../domain/audit.js';
import { checkFilter } from '../../domain/sink-filter.js';
import { inspectSink } from '../../domain/sink-inspection.js';
import {
  addSink,
  type ConfiguredSink,
  changeSink,
  readSinks,
  tryChangedSink,
  trySink,
} from '../../domain/sinks.js';
import type { Tenant } from '../../domain/tenants.js';
import { findByIdOrName, requireInstance } from './access.js';
import type { AdminApp, AdminEnv, AdminOptions } from './options.js';
import { numberAfter, pageOfAll, readPage } from './pagination.js';
import { takeOver } from './refresh.js';
import { itemRoute, pageRoute } from './routes.js';
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
  security,
  settingsSchema,
} from './schemas.js';
import { givenFilterSchema, sinkSchema, sinkView } from './sink-views.js';

const tags = ['Sinks'];

const newSinkSchema = z
  .strictObject({
    type: z.string().min(1).max(100),
    name: operatorText(200),
    settings: settingsSchema,
    filter: givenFilterSchema.optional().openapi({ description: 'Default: every record.' }),
  })
  .openapi('NewSink');

const changedSinkSchema = z
  .strictObject({
    name: operatorText(200).optional(),
    settings: settingsSchema.optional().openapi({
      description: 'Those that are not named stay, null takes one away.',
    }),
    filter: givenFilterSchema
      .nullable()
      .optional()
      .openapi({ description: 'Takes the place of the whole filter; null takes every record.' }),
  })
  .openapi('ChangedSink');

const inspectedSchema = z
  .object({
    record: z.uuid(),
    delivery: z.uuid(),
    locator: z.string(),
    result: z.enum(['intact', 'altered', 'missing']),
  })
  .openapi('Inspected');

const listRoute = pageRoute({
  path: '/v1/sinks',
  operationId: 'listSinks',
  summary: 'The sinks of an instance: their state, their lag and rate, and what waits for them.',
  tags,
  query: pageQuery,
  items: 'sinks',
  item: sinkSchema,
});

const showRoute = itemRoute({
  path: '/v1/sinks/{id}',
  operationId: 'getSink',
  summary: 'One sink.',
  tags,
  params: idOrNameParams,
  what: 'sink',
  item: sinkSchema,
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

const changeRoute = createRoute({
  method: 'patch',
  path: '/v1/sinks/{id}',
  operationId: 'changeSink',
  summary:
    'Changes a sink, after it was opened once as it will be; takes effect at once, and ends a pause that followed a failure.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery, body: jsonBody(changedSinkSchema) },
  responses: { 200: jsonAnswer('The sink as it is now.', sinkSchema), ...bodyProblems },
});

const pauseRoute = createRoute({
  method: 'post',
  path: '/v1/sinks/{id}/pause',
  operationId: 'pauseSink',
  summary: 'Delivers nothing to a sink until it is resumed, over restarts; what is made meanwhile waits.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The sink as it is now.', sinkSchema), ...bodyProblems },
});

const resumeRoute = createRoute({
  method: 'post',
  path: '/v1/sinks/{id}/resume',
  operationId: 'resumeSink',
  summary: 'Goes on delivering to a sink, also when it waits because of a failure.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The sink as it is now.', sinkSchema), ...bodyProblems },
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
  addReadingRoutes(app, options);
  addChangingRoutes(app, options);
}

function addReadingRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const sinks = await readSinks(database.orm, tenant, registry);
    const figures = await readFigures(database.orm, tenant.id);
    const views = sinks.map((sink) => sinkView(registry, sink, figures.get(sink.id)));
    return context.json(pageOfAll('sinks', views, context.req.valid('query')), 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const sink = await findSink(options, tenant, context.req.valid('param').id);
    return context.json(await readView(options, tenant, sink.id), 200);
  });

  app.openapi(inspectRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const sink = await findSink(options, tenant, context.req.valid('param').id);
    const positionOf = ({ sequence }: { sequence: number }) => sequence;
    const order = { list: `inspect-${sink.id}`, after: numberAfter, positionOf };
    const { rows, next } = await readPage(order, context.req.valid('query'), (page) =>
      inspectSink(database.orm, tenant, sink, page),
    );
    const data = rows.map(({ record, delivery, locator, result }) => ({ record, delivery, locator, result }));
    return context.json({ data, next }, 200);
  });
}

function addChangingRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(addRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { filter: givenFilter = {}, ...request } = context.req.valid('json');
    const filter = await checkFilter(database.orm, tenant, registry, givenFilter);
    const tried = await trySink(registry, request);
    const { id } = await database.orm.transaction(async (tx) => {
      const added = await addSink(tx, tenant, tried, filter);
      const detail = { name: added.name, type: added.type.id, ...(filter && { filter }) };
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'sink.add', subject: added.id, detail });
      return added;
    });
    await takeOver(options);
    return context.json(await readView(options, tenant, id), 201);
  });

  app.openapi(changeRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const current = await findSink(options, tenant, context.req.valid('param').id);
    const { filter: givenFilter, ...changes } = context.req.valid('json');
    const filter =
      givenFilter === undefined
        ? current.filter
        : await checkFilter(database.orm, tenant, registry, givenFilter ?? {});
    const tried = await tryChangedSink(current, changes);
    const detail = {
      changed: [...Object.keys(changes.settings ?? {}), ...(changes.name === undefined ? [] : ['name'])],
      ...(givenFilter !== undefined && { filter }),
    };
    await act(options, tenant, current, {
      actor: context.get('caller').keyId,
      action: 'sink.change',
      detail,
      change: (tx) => changeSink(tx, tenant, current, tried, filter),
    });
    // What stood in the way may be mended now.
    await database.orm.transaction((tx) => retrySink(tx, current.id));
    return context.json(await readView(options, tenant, current.id), 200);
  });

  app.openapi(pauseRoute, async (context) => {
    const steered = { idOrName: context.req.valid('param').id, action: 'sink.pause', change: stopSink };
    return context.json(await steer(options, context, steered), 200);
  });

  app.openapi(resumeRoute, async (context) => {
    const steered = { idOrName: context.req.valid('param').id, action: 'sink.resume', change: resumeSink };
    return context.json(await steer(options, context, steered), 200);
  });
}

interface Steered {
  readonly idOrName: string;
  readonly action: string;
  readonly change: (tx: Queries, sinkId: string) => Promise<void>;
}

/** Pauses a sink, or resumes it. Returns it as it is then. */
async function steer(
  options: AdminOptions,
  context: Context<AdminEnv>,
  { idOrName, action, change }: Steered,
): Promise<z.infer<typeof sinkSchema>> {
  const tenant = await requireInstance(context, options.tenants);
  const sink = await findSink(options, tenant, idOrName);
  const actor = context.get('caller').keyId;
  await act(options, tenant, sink, { actor, action, change: (tx) => change(tx, sink.id) });
  return readView(options, tenant, sink.id);
}

interface Act {
  readonly actor: string;
  readonly action: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly change: (tx: Queries) => Promise<void>;
}

/** Makes a change and notes who made it, in one transaction; then lets this process use it. */
async function act(options: AdminOptions, tenant: Tenant, { id }: ConfiguredSink, given: Act): Promise<void> {
  const { actor, action, detail, change } = given;
  await options.database.orm.transaction(async (tx) => {
    await change(tx);
    await auditAct(tx, tenant, { actor, action, subject: id, ...(detail && { detail }) });
  });
  await takeOver(options);
}

async function findSink(
  { database, registry }: AdminOptions,
  tenant: Tenant,
  idOrName: string,
): Promise<ConfiguredSink> {
  return findByIdOrName('sink', await readSinks(database.orm, tenant, registry), idOrName);
}

async function readView(
  options: AdminOptions,
  tenant: Tenant,
  id: string,
): Promise<z.infer<typeof sinkSchema>> {
  const sink = await findSink(options, tenant, id);
  return sinkView(options.registry, sink, (await readFigures(options.database.orm, tenant.id)).get(id));
}
