import { createRoute, z } from '@hono/zod-openapi';
import { auditAct } from '../../domain/audit.js';
import { importPeople } from '../../domain/people-import.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { bodyProblems, instanceQuery, jsonAnswer, jsonBody, security } from './schemas.js';

export const peopleImportPath = '/v1/people/import';

/** JSON doubles some characters; the file itself may have half of it in the worst case. */
export const peopleImportMaxBytes = 16 * 1024 * 1024;

const count = z.int().nonnegative();

const importRoute = createRoute({
  method: 'post',
  path: peopleImportPath,
  operationId: 'importPeople',
  summary: 'Imports people with their addresses from CSV: all rows, or none where one is wrong.',
  tags: ['People'],
  security,
  request: {
    query: instanceQuery,
    body: jsonBody(
      z
        .strictObject({
          csv: z.string().min(1).openapi({
            description: 'With a header: name,address and perhaps scheme,role,valid_from,valid_until.',
          }),
          dryRun: z.boolean().optional().openapi({ description: 'Say what would be done, and do nothing.' }),
        })
        .openapi('PeopleFile'),
    ),
  },
  responses: {
    200: jsonAnswer(
      'What was imported; nothing when there is a problem.',
      z
        .object({
          people: count.openapi({ description: 'Added.' }),
          identities: count.openapi({ description: 'Added.' }),
          unchanged: count.openapi({ description: 'Rows that say what is known already.' }),
          problems: z.array(z.object({ line: z.int().positive(), problem: z.string() })),
        })
        .openapi('PeopleImport'),
    ),
    ...bodyProblems,
  },
});

export function addPeopleImportRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(importRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { csv, dryRun = false } = context.req.valid('json');
    const actor = context.get('caller').keyId;
    const imported = await database.orm.transaction(async (tx) => {
      const result = await importPeople(tx, tenant, csv, { dryRun });
      const { people, identities, problems } = result;
      if (!dryRun && problems.length === 0 && identities > 0) {
        const detail = { people, identities };
        await auditAct(tx, tenant, { actor, action: 'people.import', subject: tenant.id, detail });
      }
      return result;
    });
    return context.json({ ...imported, problems: [...imported.problems] }, 200);
  });
}
