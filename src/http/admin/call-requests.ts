import { createRoute } from '@hono/zod-openapi';
import { requestCall } from '../../domain/outbound-calls.js';
import { requireInstance } from './access.js';
import { findAccount } from './find-account.js';
import type { AdminApp, AdminOptions } from './options.js';
import { asProblem } from './outbound.js';
import { newCallSchema, requestedSchema } from './outbound-schemas.js';
import { bodyProblems, instanceQuery, jsonAnswer, jsonBody, problemAnswer, security } from './schemas.js';

const callRoute = createRoute({
  method: 'post',
  path: '/v1/calls',
  operationId: 'requestCall',
  summary:
    'Calls somebody: the custodian is rung first, then the other side. When the answer is there the request is on record; the provider is asked after that.',
  tags: ['Calls'],
  security,
  request: { query: instanceQuery, body: jsonBody(newCallSchema) },
  responses: {
    202: jsonAnswer('Taken, or taken before under the same idempotency key.', requestedSchema),
    ...bodyProblems,
    409: problemAnswer('The idempotency key belongs to another request.'),
  },
});

export function addCallRequestRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(callRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { account: wanted, ...request } = context.req.valid('json');
    const account = await findAccount(options, tenant, wanted);
    const actor = context.get('caller').keyId;
    const row = await requestCall(database, tenant, account, { ...request, actor }).catch(asProblem);
    const createdAt = row.createdAt.toISOString();
    return context.json({ id: row.id, account: row.accountId, state: 'requested' as const, createdAt }, 202);
  });
}
