import { createRoute, z } from '@hono/zod-openapi';
import { auditAct } from '../../domain/audit.js';
import { addPerson, type PersonWithAddresses, readPeople } from '../../domain/people.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { pageOfAll } from './pagination.js';
import {
  bodyProblems,
  instanceQuery,
  jsonAnswer,
  jsonBody,
  operatorText,
  pageQuery,
  pageSchema,
  problems,
  security,
} from './schemas.js';

const tags = ['Custodians'];

const custodianSchema = z
  .object({ id: z.uuid(), name: z.string(), addresses: z.array(z.string()) })
  .openapi('Custodian');

const newCustodianSchema = z
  .strictObject({ name: operatorText(200), addresses: z.array(operatorText(320)).min(1).max(100) })
  .openapi('NewCustodian');

const listRoute = createRoute({
  method: 'get',
  path: '/v1/custodians',
  operationId: 'listCustodians',
  summary: 'The people whose communications are captured.',
  tags,
  security,
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page of custodians.', pageSchema(custodianSchema)), ...problems },
});

const addRoute = createRoute({
  method: 'post',
  path: '/v1/custodians',
  operationId: 'addCustodian',
  summary: 'Adds a custodian; records that are made from now on name them.',
  tags,
  security,
  request: { query: instanceQuery, body: jsonBody(newCustodianSchema) },
  responses: { 201: jsonAnswer('Added.', custodianSchema), ...bodyProblems },
});

export function addCustodianRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const people = await readPeople(database.orm, tenant, 'custodian');
    return context.json(pageOfAll('custodians', people.map(custodianView), context.req.valid('query')), 200);
  });

  app.openapi(addRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { name, addresses } = context.req.valid('json');
    const person = await database.orm.transaction(async (tx) => {
      const added = await addPerson(tx, tenant, { role: 'custodian', name, addresses });
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'custodian.add', subject: added.id, detail: { name } });
      return added;
    });
    return context.json(custodianView(person), 201);
  });
}

function custodianView({ id, name, addresses }: PersonWithAddresses): z.infer<typeof custodianSchema> {
  return { id, name, addresses: [...addresses] };
}
