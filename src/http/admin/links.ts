import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { renderSVG } from 'uqr';
import type { Account } from '../../domain/accounts.js';
import { auditAct } from '../../domain/audit.js';
import { giveOrder, readOffer } from '../../domain/links.js';
import { readSessionViews } from '../../domain/sessions.js';
import type { Tenant } from '../../domain/tenants.js';
import { type LinkOrder, linkMethods, sessionStates } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { findAccount } from './find-account.js';
import type { AdminApp, AdminEnv, AdminOptions } from './options.js';
import { ProblemError } from './problems.js';
import {
  bodyProblems,
  idOrNameParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  problemAnswer,
  problems,
  security,
} from './schemas.js';

const tags = ['Accounts'];

const linkSchema = z
  .object({
    state: z
      .enum(sessionStates)
      .nullable()
      .openapi({ description: 'Null: the session has said nothing yet.' }),
    detail: z.string().nullable(),
    action: z.string().nullable().openapi({ description: 'What the operator has to do next.' }),
    offer: z
      .object({
        method: z.enum(linkMethods),
        value: z.string().openapi({
          description:
            'The text of the QR code, or the code to type. Who has it can link a device: keep it secret.',
        }),
        expiresAt: instantSchema,
      })
      .nullable()
      .openapi({ description: 'What has to be scanned or typed now; a new one follows when it expires.' }),
  })
  .openapi('Link');

const newLinkSchema = z
  .strictObject({
    method: z.enum(linkMethods),
    phoneNumber: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/, 'must be a number in E.164 form, such as +12025550123')
      .optional()
      .openapi({ description: 'Of the phone where the code will be typed; for the method `code`.' }),
  })
  .refine(({ method, phoneNumber }) => method !== 'code' || phoneNumber !== undefined, {
    path: ['phoneNumber'],
    error: 'is needed for the method "code"',
  })
  .openapi('NewLink');

const orderProblems = {
  ...bodyProblems,
  409: problemAnswer('The connector of this account links no device in this way.'),
};

const request = { params: idOrNameParams, query: instanceQuery };
const path = '/v1/accounts/{id}/link';

const showRoute = createRoute({
  method: 'get',
  path,
  operationId: 'getLink',
  summary: 'How linking stands, and what has to be scanned or typed. Needs the scope admin.',
  tags,
  security,
  request,
  responses: { 200: jsonAnswer('How it stands.', linkSchema), ...problems },
});

const pictureRoute = createRoute({
  method: 'get',
  path: `${path}/qr.svg`,
  operationId: 'getLinkPicture',
  summary: 'The QR code as a picture. Needs the scope admin.',
  tags,
  security,
  request,
  responses: {
    200: { description: 'The picture.', content: { 'image/svg+xml': { schema: z.string() } } },
    ...problems,
    409: problemAnswer('There is no QR code to show now.'),
  },
});

const startRoute = createRoute({
  method: 'post',
  path,
  operationId: 'startLink',
  summary:
    'Asks the session of an account to link a device. What has to be scanned or typed follows shortly.',
  tags,
  security,
  request: { ...request, body: jsonBody(newLinkSchema) },
  responses: { 202: jsonAnswer('Asked.', linkSchema), ...orderProblems },
});

const endRoute = createRoute({
  method: 'delete',
  path,
  operationId: 'endLink',
  summary: 'Asks the session of an account to unlink its device. What was captured stays.',
  tags,
  security,
  request,
  responses: { 202: jsonAnswer('Asked.', linkSchema), ...orderProblems },
});

/** Linking a device. By way of the database, since the session may run at another node. */
export function addLinkRoutes(app: AdminApp, options: AdminOptions): void {
  const { database } = options;

  app.openapi(showRoute, async (context) => {
    requireAdmin(context);
    const { tenant, account } = await find(context, options, context.req.valid('param').id);
    return context.json(await linkView(options, tenant, account), 200);
  });

  app.openapi(pictureRoute, async (context) => {
    requireAdmin(context);
    const { tenant, account } = await find(context, options, context.req.valid('param').id);
    const { offer } = await linkView(options, tenant, account);
    if (offer?.method !== 'qr') {
      throw new ProblemError(
        409,
        `There is no QR code for ${account.name} now. Ask for one: POST ${context.req.path.replace('/qr.svg', '')}`,
      );
    }
    return context.body(renderSVG(offer.value, { border: 4 }), 200, { 'Content-Type': 'image/svg+xml' });
  });

  const give = async (context: Context<AdminEnv>, wanted: string, order: LinkOrder) => {
    const { tenant, account } = await find(context, options, wanted);
    const offered = account.connector.capabilities.linking ?? [];
    if (order.kind === 'link' && !offered.includes(order.method)) throw noSuchWay(account, offered);
    if (offered.length === 0) throw noSuchWay(account, offered);
    await database.orm.transaction(async (tx) => {
      const actor = context.get('caller').keyId;
      const action = order.kind === 'link' ? 'account.link' : 'account.unlink';
      await auditAct(tx, tenant, { actor, action, subject: account.id });
      await giveOrder(tx, tenant.vault, account.id, order);
    });
    return linkView(options, tenant, account);
  };

  app.openapi(startRoute, async (context) => {
    const { method, phoneNumber } = context.req.valid('json');
    const order = { kind: 'link' as const, method, ...(phoneNumber !== undefined && { phoneNumber }) };
    return context.json(await give(context, context.req.valid('param').id, order), 202);
  });

  app.openapi(endRoute, async (context) => {
    return context.json(await give(context, context.req.valid('param').id, { kind: 'unlink' }), 202);
  });
}

/** Reading changes nothing, but what is read here lets a stranger's phone in. */
function requireAdmin(context: Context<AdminEnv>): void {
  if (context.get('caller').mayWrite) return;
  throw new ProblemError(403, 'This API key may only read. Use a key with the scope admin.');
}

async function find(context: Context<AdminEnv>, options: AdminOptions, id: string) {
  const tenant = await requireInstance(context, options.tenants);
  return { tenant, account: await findAccount(options, tenant, id) };
}

function noSuchWay({ name, connector }: Account, offered: readonly string[]): ProblemError {
  const detail =
    offered.length === 0
      ? `Account ${name} needs no linked device: the settings of ${connector.id} are all that it takes.`
      : `Account ${name} is linked by ${offered.join(' or ')}.`;
  return new ProblemError(409, detail);
}

async function linkView(
  { database }: AdminOptions,
  tenant: Tenant,
  account: Account,
): Promise<z.infer<typeof linkSchema>> {
  const views = await readSessionViews(database.orm, tenant.vault, [account]);
  const { state = null, detail = null, action = null } = views.get(account.id) ?? {};
  const offer = await readOffer(database.orm, tenant.vault, account.id, new Date());
  return { state, detail, action, offer: offer ?? null };
}
