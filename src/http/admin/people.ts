import { createRoute, z } from '@hono/zod-openapi';
import { auditAct } from '../../domain/audit.js';
import type { Identity } from '../../domain/identities.js';
import { addPerson, type PersonRole, type PersonWithIdentities, readPeople } from '../../domain/people.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { pageOfAll } from './pagination.js';
import { pageRoute } from './routes.js';
import {
  bodyProblems,
  instanceQuery,
  jsonAnswer,
  jsonBody,
  operatorText,
  pageQuery,
  problemAnswer,
  security,
  timeText,
} from './schemas.js';

const tags = ['People'];

export const identitySchema = z
  .object({
    id: z.uuid(),
    address: z.string(),
    validFrom: z.string().nullable().openapi({ description: 'Null: it has always been theirs.' }),
    validUntil: z.string().nullable().openapi({ description: 'From then on it is theirs no more.' }),
  })
  .openapi('Identity');

const knownPersonSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    addresses: z.array(z.string()).openapi({ description: 'All that are or were theirs.' }),
    identities: z
      .array(identitySchema)
      .optional()
      .openapi({ description: 'The same, with the time in which each is theirs.' }),
  })
  .openapi('KnownPerson');

export const periodBody = {
  validFrom: timeText.nullable().optional().openapi({ description: 'Null or left out: always.' }),
  validUntil: timeText.nullable().optional().openapi({ description: 'Null or left out: for good.' }),
};

export const addressText = operatorText(320);

const newPersonSchema = z
  .strictObject({ name: operatorText(200), addresses: z.array(addressText).min(1).max(100), ...periodBody })
  .openapi('NewPerson');

export const takenAnswer = {
  409: problemAnswer('An address belongs to somebody else in that period; `errors` says whose it is.'),
};

const families = [
  {
    role: 'custodian',
    path: '/v1/custodians',
    one: 'Custodian',
    all: 'The people whose communications are captured.',
  },
  {
    role: 'contact',
    path: '/v1/contacts',
    one: 'Contact',
    all: 'The people on the other side, as far as they are known.',
  },
] as const;

export function addPeopleRoutes(app: AdminApp, options: AdminOptions): void {
  for (const family of families) addFamily(app, options, family);
}

function addFamily(
  app: AdminApp,
  { database, tenants }: AdminOptions,
  { role, path, one, all }: (typeof families)[number],
): void {
  const listRoute = pageRoute({
    path,
    operationId: `list${one}s`,
    summary: all,
    tags,
    query: pageQuery,
    items: `${role}s`,
    item: knownPersonSchema,
  });
  const addRoute = createRoute({
    method: 'post',
    path,
    operationId: `add${one}`,
    summary: `Adds a ${role}; records that are made from now on name them, older ones are found under them.`,
    tags,
    security,
    request: { query: instanceQuery, body: jsonBody(newPersonSchema) },
    responses: { 201: jsonAnswer('Added.', knownPersonSchema), ...bodyProblems, ...takenAnswer },
  });

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const people = await readPeople(database.orm, tenant, role);
    return context.json(pageOfAll(`${role}s`, people.map(personView), context.req.valid('query')), 200);
  });

  app.openapi(addRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { name, addresses, ...period } = context.req.valid('json');
    const person = await database.orm.transaction(async (tx) => {
      const added = await addPerson(tx, tenant, { role, name, addresses, ...readPeriod(period) });
      const actor = context.get('caller').keyId;
      const { identities } = personView(added);
      const detail = { name, identities };
      await auditAct(tx, tenant, { actor, action: actions[role], subject: added.id, detail });
      return added;
    });
    return context.json(personView(person), 201);
  });
}

const actions: Readonly<Record<PersonRole, string>> = { custodian: 'custodian.add', contact: 'contact.add' };

/** What was left out stays undefined, null is open-ended. */
export function readPeriod({
  validFrom,
  validUntil,
}: {
  validFrom?: string | null | undefined;
  validUntil?: string | null | undefined;
}) {
  const date = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...(validFrom !== undefined && { validFrom: date(validFrom) }),
    ...(validUntil !== undefined && { validUntil: date(validUntil) }),
  };
}

export function identityView({
  id,
  address,
  validFrom,
  validUntil,
}: Identity): z.infer<typeof identitySchema> {
  return {
    id,
    address,
    validFrom: validFrom?.toISOString() ?? null,
    validUntil: validUntil?.toISOString() ?? null,
  };
}

function personView({ id, name, identities }: PersonWithIdentities) {
  const addresses = [...new Set(identities.map(({ address }) => address))];
  return { id, name, addresses, identities: identities.map(identityView) };
}
