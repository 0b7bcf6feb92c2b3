import { createRoute, z } from '@hono/zod-openapi';
import type { Queries } from '../../db/client.js';
import { auditAct } from '../../domain/audit.js';
import { changePeriod, linkAddresses } from '../../domain/identities.js';
import { addPeople, type KnownPerson, readPeople } from '../../domain/people.js';
import type { Tenant } from '../../domain/tenants.js';
import { readUnknownPeople } from '../../domain/unknown-people.js';
import { findByIdOrName, requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { idAfter, readPage } from './pagination.js';
import { addressText, identitySchema, identityView, periodBody, readPeriod, takenAnswer } from './people.js';
import { notFound } from './problems.js';
import { pageRoute } from './routes.js';
import {
  bodyProblems,
  idParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  operatorText,
  pageQuery,
  security,
} from './schemas.js';

const tags = ['People'];
const role = z.enum(['custodian', 'contact']);

const unknownSchema = z
  .object({
    id: z.uuid().openapi({ description: 'Keyed id of the address.' }),
    address: z
      .string()
      .nullable()
      .openapi({ description: 'Null once every record that shows it was erased.' }),
    scheme: z.string().nullable(),
    name: z.string().nullable().openapi({ description: 'What its owner calls itself, by the provider.' }),
    own: z.boolean().openapi({
      description:
        'An address of an account of ours: traffic of an employee who is not known. Assign it first.',
    }),
    accounts: z.array(z.uuid()),
    records: z.int().nonnegative(),
    firstAt: instantSchema,
    lastAt: instantSchema,
  })
  .openapi('UnknownPerson');

const unknownRoute = pageRoute({
  path: '/v1/people/unknown',
  operationId: 'listUnknownPeople',
  summary: 'Addresses that were nobody’s at the time of some record.',
  tags,
  query: pageQuery.extend({ own: z.enum(['true', 'false']).optional() }),
  items: 'addresses',
  item: unknownSchema,
});

const assignRoute = createRoute({
  method: 'post',
  path: '/v1/identities',
  operationId: 'addIdentity',
  summary: 'Gives an address to a person for a period; no record is changed by it.',
  tags,
  security,
  request: {
    query: instanceQuery,
    body: jsonBody(
      z
        .strictObject({
          address: addressText,
          role,
          person: operatorText(200).openapi({ description: 'Id or name; a name that is new adds a person.' }),
          ...periodBody,
        })
        .openapi('NewIdentity'),
    ),
  },
  responses: {
    201: jsonAnswer(
      'Assigned.',
      identitySchema.extend({ person: z.object({ id: z.uuid(), name: z.string() }) }),
    ),
    ...bodyProblems,
    ...takenAnswer,
  },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/v1/identities/{id}',
  operationId: 'changeIdentity',
  summary: 'Changes the period in which an address is somebody’s; what is left out stays.',
  tags,
  security,
  request: {
    params: idParams,
    query: instanceQuery,
    body: jsonBody(z.strictObject(periodBody).openapi('IdentityChange')),
  },
  responses: { 200: jsonAnswer('Changed.', identitySchema), ...bodyProblems, ...takenAnswer },
});

const unknownOrder = { list: 'unknown-people', after: idAfter, positionOf: ({ id }: { id: string }) => id };

export function addIdentityRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(unknownRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { own, ...request } = context.req.valid('query');
    const wanted = { own: own === undefined ? undefined : own === 'true' };
    const { rows, next } = await readPage(unknownOrder, request, (page) =>
      readUnknownPeople(database.orm, tenant, { ...wanted, ...page }),
    );
    return context.json({ data: rows, next }, 200);
  });

  app.openapi(assignRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { address, role: wantedRole, person: wanted, ...period } = context.req.valid('json');
    const actor = context.get('caller').keyId;
    const assigned = await database.orm.transaction(async (tx) => {
      const person = await findOrAdd(tx, tenant, wantedRole, wanted);
      const { validFrom = null, validUntil = null } = readPeriod(period);
      const link = { personId: person.id, address, validFrom, validUntil };
      const [identity] = await linkAddresses(tx, tenant, [link]);
      if (identity === undefined) throw new Error('An address was linked, and nothing came back.');
      const view = { ...identityView(identity), person: { id: person.id, name: person.name } };
      await auditAct(tx, tenant, { actor, action: 'identity.add', subject: identity.id, detail: view });
      return view;
    });
    return context.json(assigned, 201);
  });

  app.openapi(changeRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const period = readPeriod(context.req.valid('json'));
    const actor = context.get('caller').keyId;
    const changed = await database.orm.transaction(async (tx) => {
      const identity = await changePeriod(tx, tenant, id, period);
      if (identity === undefined) throw notFound('identity', id, 'the list of identities');
      const view = identityView(identity);
      await auditAct(tx, tenant, { actor, action: 'identity.change', subject: id, detail: view });
      return view;
    });
    return context.json(changed, 200);
  });
}

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

async function findOrAdd(
  tx: Queries,
  tenant: Tenant,
  wantedRole: z.infer<typeof role>,
  wanted: string,
): Promise<KnownPerson> {
  const people = await readPeople(tx, tenant, wantedRole);
  if (idPattern.test(wanted) || people.some(({ name }) => name === wanted)) {
    return findByIdOrName(wantedRole, people, wanted);
  }
  const [added] = await addPeople(tx, tenant, [{ role: wantedRole, name: wanted }]);
  return added as KnownPerson;
}
