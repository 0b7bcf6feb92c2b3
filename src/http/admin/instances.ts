import { createRoute, z } from '@hono/zod-openapi';
import { isId } from '../../core/ids.js';
import { listInstances } from '../../db/tenancy.js';
import { auditAct } from '../../domain/audit.js';
import type { AdminApp, AdminOptions } from './options.js';
import { pageOfAll } from './pagination.js';
import { ProblemError } from './problems.js';
import { takeOver } from './refresh.js';
import { pageRoute } from './routes.js';
import {
  bodyProblems,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  pageQuery,
  problemAnswer,
  security,
} from './schemas.js';

const tags = ['Instances'];

const instanceSchema = z
  .object({ id: z.uuid(), name: z.string(), createdAt: instantSchema })
  .openapi('Instance');

const newInstanceSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes, 63 at most')
      .refine((name) => !isId(name), 'must not look like an id'),
  })
  .openapi('NewInstance');

const listRoute = pageRoute({
  path: '/v1/instances',
  operationId: 'listInstances',
  summary: 'The instances that this key may see.',
  tags,
  query: pageQuery,
  items: 'instances',
  item: instanceSchema,
});

const addRoute = createRoute({
  method: 'post',
  path: '/v1/instances',
  operationId: 'addInstance',
  summary: 'Makes an instance: a tenancy with its own key and journal.',
  tags,
  security,
  request: { query: instanceQuery, body: jsonBody(newInstanceSchema) },
  responses: {
    201: jsonAnswer('Made.', instanceSchema.omit({ createdAt: true })),
    ...bodyProblems,
    409: problemAnswer('The name is taken.'),
  },
});

export function addInstanceRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(listRoute, async (context) => {
    const { instanceId } = context.get('caller');
    const rows = await listInstances(database.orm);
    const visible = rows
      .filter(({ id }) => instanceId === null || id === instanceId)
      .map(({ id, name, createdAt }) => ({ id, name, createdAt: createdAt.toISOString() }));
    return context.json(pageOfAll('instances', visible, context.req.valid('query')), 200);
  });

  app.openapi(addRoute, async (context) => {
    const { instanceId, keyId } = context.get('caller');
    if (instanceId !== null) {
      throw new ProblemError(403, 'This API key belongs to one instance. Use a key that is for all of them.');
    }
    const { name } = context.req.valid('json');
    const made = await tenants.create(name, (tx, tenant) =>
      auditAct(tx, tenant, { actor: keyId, action: 'instance.add', subject: tenant.id }),
    );
    if (made === null)
      throw new ProblemError(409, `There is an instance ${name} already; choose another name.`);
    await takeOver(options);
    return context.json({ id: made.id, name: made.name }, 201);
  });
}
