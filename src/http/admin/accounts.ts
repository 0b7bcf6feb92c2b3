import { createRoute, z } from '@hono/zod-openapi';
import { readPausedSending, resumeSending, type SendingTrouble } from '../../db/outbound.js';
import { type AccountRow, expectOfAccount, listAccounts } from '../../db/tenancy.js';
import { checkAccount } from '../../domain/account-check.js';
import {
  type Account,
  addAccount,
  changeAccount,
  readAccounts,
  retryAccount,
  webhookUrls,
} from '../../domain/accounts.js';
import { auditAct } from '../../domain/audit.js';
import { checkSession } from '../../domain/session-check.js';
import { readSessionViews, type SessionView } from '../../domain/sessions.js';
import { maskSecrets } from '../../domain/settings.js';
import type { Tenant } from '../../domain/tenants.js';
import { sessionStates } from '../../sdk/index.js';
import { requireInstance } from './access.js';
import { findAccount } from './find-account.js';
import type { AdminApp, AdminOptions } from './options.js';
import { pageOfAll } from './pagination.js';
import { takeOver } from './refresh.js';
import { itemRoute, pageRoute } from './routes.js';
import {
  bodyProblems,
  idOrNameParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  operatorText,
  pageQuery,
  problems,
  security,
  settingsSchema,
} from './schemas.js';
import { checkSending, sendingTroubleSchema, sendingTroubleView } from './sending-views.js';

const tags = ['Accounts'];

const webhooksSchema = z.record(z.string(), z.url()).openapi({
  description: "By endpoint, the URL to paste into the provider's console.",
});

const accountSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    connector: z.string(),
    settings: settingsSchema.openapi({ description: 'Credentials are shown as ••••.' }),
    ownAddresses: z.array(z.string()),
    webhooks: webhooksSchema,
    expectEveryMinutes: z.int().positive().nullable().optional().openapi({
      description: 'Without a message for longer, an alert says so. Null: it may be silent.',
    }),
    createdAt: instantSchema.optional(),
    session: z
      .object({
        state: z.enum(sessionStates),
        detail: z.string().nullable(),
        action: z.string().nullable().openapi({ description: 'What the operator has to do next.' }),
        changedAt: instantSchema,
      })
      .nullable()
      .openapi({ description: 'Of connectors that keep a connection of their own; null for others.' }),
    sendingTrouble: sendingTroubleSchema.nullable(),
  })
  .openapi('Account');

const newAccountSchema = z
  .strictObject({ connector: z.string().min(1).max(100), name: operatorText(200), settings: settingsSchema })
  .openapi('NewAccount');

const changedAccountSchema = z
  .strictObject({
    settings: settingsSchema.optional(),
    expectEveryMinutes: z
      .int()
      .positive()
      .max(525_600)
      .nullable()
      .optional()
      .openapi({ description: 'Without a message for longer, an alert says so. Null: it may be silent.' }),
  })
  .openapi('ChangedAccount');

const addedAccountSchema = z
  .object({ id: z.uuid(), name: z.string(), connector: z.string(), webhooks: webhooksSchema })
  .openapi('AddedAccount');

const testSchema = z
  .object({
    ok: z.boolean(),
    checks: z.array(
      z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), remedy: z.string().optional() }),
    ),
  })
  .openapi('AccountTest');

const listRoute = pageRoute({
  path: '/v1/accounts',
  operationId: 'listAccounts',
  summary: 'The accounts of an instance.',
  tags,
  query: pageQuery,
  items: 'accounts',
  item: accountSchema,
});

const showRoute = itemRoute({
  path: '/v1/accounts/{id}',
  operationId: 'getAccount',
  summary: 'One account, with the URLs for its provider.',
  tags,
  params: idOrNameParams,
  what: 'account',
  item: accountSchema,
});

const addRoute = createRoute({
  method: 'post',
  path: '/v1/accounts',
  operationId: 'addAccount',
  summary: 'Adds an account; its webhooks work when the answer is there.',
  tags,
  security,
  request: { query: instanceQuery, body: jsonBody(newAccountSchema) },
  responses: { 201: jsonAnswer('Added.', addedAccountSchema), ...bodyProblems },
});

const changeRoute = createRoute({
  method: 'patch',
  path: '/v1/accounts/{id}',
  operationId: 'changeAccount',
  summary: 'Changes settings, such as a rotated token; those that are not named stay, null takes one away.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery, body: jsonBody(changedAccountSchema) },
  responses: { 200: jsonAnswer('The account as it is now.', accountSchema), ...bodyProblems },
});

const resumeRoute = createRoute({
  method: 'post',
  path: '/v1/accounts/{id}/resume',
  operationId: 'resumeAccount',
  summary: 'Ends the pause of an account that could not send: what waits is tried at once.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The account as it is now.', accountSchema), ...problems },
});

const testRoute = createRoute({
  method: 'post',
  path: '/v1/accounts/{id}/test',
  operationId: 'testAccount',
  summary: 'Whether the provider can reach this account.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery },
  responses: { 200: jsonAnswer('What was looked at.', testSchema), ...bodyProblems },
});

export function addAccountRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry, publicUrl } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const accounts = await readAccounts(database.orm, tenant, registry);
    const views = await accountViews(options, tenant, accounts);
    return context.json(pageOfAll('accounts', views, context.req.valid('query')), 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const account = await findAccount(options, tenant, context.req.valid('param').id);
    return context.json(await viewOf(options, tenant, account), 200);
  });

  app.openapi(addRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const request = context.req.valid('json');
    const account = await database.orm.transaction(async (tx) => {
      const added = await addAccount(tx, tenant, registry, request);
      const detail = { name: added.name, connector: added.connector.id };
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'account.add', subject: added.id, detail });
      return added;
    });
    await takeOver(options);
    const { id, name, connector } = account;
    return context.json(
      { id, name, connector: connector.id, webhooks: webhookUrls(account, publicUrl) },
      201,
    );
  });

  app.openapi(changeRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const current = await findAccount(options, tenant, context.req.valid('param').id);
    const { settings = {}, expectEveryMinutes } = context.req.valid('json');
    const changed = await database.orm.transaction(async (tx) => {
      const detail = { changed: Object.keys(settings), expectEveryMinutes };
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'account.change', subject: current.id, detail });
      if (expectEveryMinutes !== undefined) await expectOfAccount(tx, current.id, expectEveryMinutes);
      return changeAccount(tx, tenant, current, settings);
    });
    await takeOver(options);
    // What stood in the way may be mended now.
    if (Object.keys(settings).length > 0) {
      await database.orm.transaction((tx) => retryAccount(tx, current.id));
    }
    return context.json(await viewOf(options, tenant, changed), 200);
  });
  addSteeringRoutes(app, options);
}

function addSteeringRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, publicUrl } = options;

  app.openapi(resumeRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const account = await findAccount(options, tenant, context.req.valid('param').id);
    await database.orm.transaction(async (tx) => {
      if (!(await resumeSending(tx, account.id))) return;
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'account.resume', subject: account.id });
    });
    return context.json(await viewOf(options, tenant, account), 200);
  });

  app.openapi(testRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const account = await findAccount(options, tenant, context.req.valid('param').id);
    const checks = await checkAccount(account, publicUrl, options.fetch ?? fetch);
    if (account.connector.run !== undefined) {
      const sessions = await readSessionViews(database.orm, tenant.vault, [account]);
      checks.push(checkSession(sessions.get(account.id) ?? null));
    }
    if (account.connector.send !== undefined) {
      const paused = await readPausedSending(database.orm, tenant.id);
      checks.push(checkSending(paused.get(account.id)));
    }
    return context.json({ ok: checks.every((check) => check.ok), checks }, 200);
  });
}

type AccountAnswer = z.infer<typeof accountSchema>;

async function viewOf(options: AdminOptions, tenant: Tenant, account: Account): Promise<AccountAnswer> {
  const [view] = await accountViews(options, tenant, [account]);
  return view as AccountAnswer;
}

async function accountViews(
  { database, publicUrl }: AdminOptions,
  tenant: Tenant,
  accounts: readonly Account[],
): Promise<AccountAnswer[]> {
  const rows = new Map((await listAccounts(database.orm, tenant.id)).map((row) => [row.id, row]));
  const sessions = await readSessionViews(database.orm, tenant.vault, accounts);
  const paused = await readPausedSending(database.orm, tenant.id);
  return accounts.map((account) => {
    const found = {
      row: rows.get(account.id),
      session: sessions.get(account.id),
      trouble: paused.get(account.id),
    };
    return accountView(account, publicUrl, found);
  });
}

interface Found {
  readonly row: AccountRow | undefined;
  readonly session: SessionView | undefined;
  readonly trouble: SendingTrouble | undefined;
}

function accountView(account: Account, publicUrl: string, { row, session, trouble }: Found): AccountAnswer {
  const { id, name, connector, settings, ownAddresses } = account;
  return {
    id,
    name,
    connector: connector.id,
    settings: maskSecrets(connector.settings, settings),
    ownAddresses: [...ownAddresses],
    webhooks: webhookUrls(account, publicUrl),
    ...(row && { expectEveryMinutes: row.expectEveryMinutes, createdAt: row.createdAt.toISOString() }),
    session: session ?? null,
    sendingTrouble: trouble === undefined ? null : sendingTroubleView(trouble),
  };
}
