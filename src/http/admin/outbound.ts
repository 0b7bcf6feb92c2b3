import { createRoute, z } from '@hono/zod-openapi';
import { listOutbound, type OutboundRow, readOutbound } from '../../db/outbound.js';
import { requestOutbound } from '../../domain/outbound.js';
import { openOutbound } from '../../domain/outbound-draft.js';
import { resolveOutbound } from '../../domain/outbound-resolution.js';
import { SendRequestError } from '../../domain/send-request-error.js';
import type { Tenant } from '../../domain/tenants.js';
import { requireInstance } from './access.js';
import { findAccount } from './find-account.js';
import type { AdminApp, AdminOptions } from './options.js';
import {
  newMessageSchema,
  outboundSchema,
  outboundStates,
  requestedSchema,
  resolutionSchema,
} from './outbound-schemas.js';
import { numberAfter, readPage } from './pagination.js';
import { notFound, ProblemError } from './problems.js';
import { itemRoute, pageRoute } from './routes.js';
import {
  bodyProblems,
  idParams,
  instanceQuery,
  jsonAnswer,
  jsonBody,
  pageQuery,
  problemAnswer,
  security,
} from './schemas.js';

const tags = ['Messages'];

const sendRoute = createRoute({
  method: 'post',
  path: '/v1/messages',
  operationId: 'sendMessage',
  summary:
    'Sends a message. When the answer is there the request is on record; the provider is asked after that.',
  tags,
  security,
  request: { query: instanceQuery, body: jsonBody(newMessageSchema) },
  responses: {
    202: jsonAnswer('Taken, or taken before under the same idempotency key.', requestedSchema),
    ...bodyProblems,
    409: problemAnswer('The idempotency key belongs to another request.'),
    422: problemAnswer('Refused by policy, such as for a recipient who opted out. The refusal is on record.'),
  },
});

const listRoute = pageRoute({
  path: '/v1/outbound',
  operationId: 'listOutbound',
  summary: 'What the gateway was asked for, messages and calls, in that order, and how far each got.',
  tags,
  query: pageQuery.extend({ state: z.enum(outboundStates).optional() }),
  items: 'them',
  item: outboundSchema,
});

const showRoute = itemRoute({
  path: '/v1/outbound/{id}',
  operationId: 'getOutbound',
  summary: 'How far one message or call got that the gateway was asked for.',
  tags,
  params: idParams,
  what: 'message',
  item: outboundSchema,
});

const resolveRoute = createRoute({
  method: 'post',
  path: '/v1/outbound/{id}/resolve',
  operationId: 'resolveOutbound',
  summary: 'Settles an indeterminate message by what a person found at the provider. Nothing is sent.',
  tags,
  security,
  request: { params: idParams, query: instanceQuery, body: jsonBody(resolutionSchema) },
  responses: {
    200: jsonAnswer('The message as it is now.', outboundSchema),
    ...bodyProblems,
    409: problemAnswer('The message is not indeterminate.'),
  },
});

const order = { list: 'outbound', after: numberAfter, positionOf: (row: OutboundRow) => row.position };

export function addOutboundRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants } = options;

  app.openapi(sendRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { account: wanted, media, ...request } = context.req.valid('json');
    const account = await findAccount(options, tenant, wanted);
    const row = await requestOutbound(database, tenant, account, {
      ...request,
      media: media.map(({ id }) => id),
      actor: context.get('caller').keyId,
    }).catch(asProblem);
    if (row.state === 'refused') {
      throw new ProblemError(422, `${row.explanation} The attempt is on record as message ${row.id}.`, [
        `refused: ${row.reason}`,
      ]);
    }
    const createdAt = row.createdAt.toISOString();
    return context.json({ id: row.id, account: row.accountId, state: 'requested' as const, createdAt }, 202);
  });

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { state, ...request } = context.req.valid('query');
    const { rows, next } = await readPage(order, request, (page) =>
      listOutbound(database.orm, { instanceId: tenant.id, state, ...page }),
    );
    return context.json({ data: rows.map((row) => outboundView(tenant, row)), next }, 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const row = await requireOutbound(options, tenant, context.req.valid('param').id);
    return context.json(outboundView(tenant, row), 200);
  });

  app.openapi(resolveRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const { outcome } = context.req.valid('json');
    const row = await requireOutbound(options, tenant, id);
    const actor = context.get('caller').keyId;
    if (!(await resolveOutbound(database, tenant, row, { outcome, actor }))) {
      throw new ProblemError(
        409,
        `Message ${id} is ${row.state}. Only an indeterminate one is for a person to settle.`,
      );
    }
    return context.json(outboundView(tenant, await requireOutbound(options, tenant, id)), 200);
  });
}

async function requireOutbound({ database }: AdminOptions, tenant: Tenant, id: string): Promise<OutboundRow> {
  const row = await readOutbound(database.orm, tenant.id, id);
  if (row !== undefined) return row;
  throw notFound('outbound message', id);
}

export function asProblem(error: unknown): never {
  if (!(error instanceof SendRequestError)) throw error;
  throw new ProblemError(error.kind === 'key-used' ? 409 : 400, error.message);
}

function outboundView(tenant: Tenant, row: OutboundRow): z.infer<typeof outboundSchema> {
  const { id, accountId, state, attempts, createdAt, changedAt, reason, explanation } = row;
  const { route, ring, reaction } = openOutbound(tenant.vault, row);
  return {
    id,
    account: accountId,
    kind: ring !== undefined ? 'call' : reaction !== undefined ? 'reaction' : 'message',
    to: route.to.asReceived,
    state,
    attempts,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
    reason,
    explanation,
  };
}
