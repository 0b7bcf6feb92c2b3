import { createRoute, z } from '@hono/zod-openapi';
import { type AccountRow, expectOfAccount, listAccounts } from '../../db/tenancy.js';
import { checkAccount } from '../../domain/account-check.js';
import { type Account, addAccount, changeAccount, readAccounts, webhookUrls } from '../../domain/accounts.js';
import { auditAct } from '../../domain/audit.js';
import { readSessionViews, type SessionView } from '../../domain/sessions.js';
import { maskSecrets } from '../../domain/settings.js';
import { sessionStates } from '../../sdk/index.js';
import { findByIdOrName, requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { pageOfAll } from './pagination.js';
import { takeOver } from './refresh.js';
import {
  bodyProblems,
  idOrNameParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  jsonBody,
  operatorText,
  pageQuery,
  pageSchema,
  problems,
  security,
  settingsSchema,
} from './schemas.js';

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

const listRoute = createRoute({
  method: 'get',
  path: '/v1/accounts',
  operationId: 'listAccounts',
  summary: 'The accounts of an instance.',
  tags,
  security,
  request: { query: pageQuery },
  responses: { 200: jsonAnswer('A page of accounts.', pageSchema(accountSchema)), ...problems },
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/accounts/{id}',
  operationId: 'getAccount',
  summary: 'One account, with the URLs for its provider.',
  tags,
  security,
  request: { params: idOrNameParams, query: instanceQuery },
  responses: { 200: jsonAnswer('The account.', accountSchema), ...problems },
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
    const rows = await accountRows(options, tenant.id);
    const accounts = await readAccounts(database.orm, tenant, registry);
    const sessions = await readSessionViews(database.orm, tenant.vault, accounts);
    const views = accounts.map((account) =>
      accountView(account, publicUrl, rows.get(account.id), sessions.get(account.id)),
    );
    return context.json(pageOfAll('accounts', views, context.req.valid('query')), 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const accounts = await readAccounts(database.orm, tenant, registry);
    const account = findByIdOrName('account', accounts, context.req.valid('param').id);
    const rows = await accountRows(options, tenant.id);
    const sessions = await readSessionViews(database.orm, tenant.vault, [account]);
    return context.json(accountView(account, publicUrl, rows.get(account.id), sessions.get(account.id)), 200);
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
    const accounts = await readAccounts(database.orm, tenant, registry);
    const current = findByIdOrName('account', accounts, context.req.valid('param').id);
    const { settings = {}, expectEveryMinutes } = context.req.valid('json');
    const changed = await database.orm.transaction(async (tx) => {
      const detail = { changed: Object.keys(settings), expectEveryMinutes };
      const actor = context.get('caller').keyId;
      await auditAct(tx, tenant, { actor, action: 'account.change', subject: current.id, detail });
      if (expectEveryMinutes !== undefined) await expectOfAccount(tx, current.id, expectEveryMinutes);
      return changeAccount(tx, tenant, current, settings);
    });
    await takeOver(options);
    const rows = await accountRows(options, tenant.id);
    return context.json(accountView(changed, publicUrl, rows.get(changed.id)), 200);
  });

  app.openapi(testRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const accounts = await readAccounts(database.orm, tenant, registry);
    const account = findByIdOrName('account', accounts, context.req.valid('param').id);
    const checks = await checkAccount(account, publicUrl, options.fetch ?? fetch);
    return context.json({ ok: checks.every((check) => check.ok), checks }, 200);
  });
}

async function accountRows({ database }: AdminOptions, instanceId: string): Promise<Map<string, AccountRow>> {
  const rows = await listAccounts(database.orm, instanceId);
  return new Map(rows.map((row) => [row.id, row]));
}

function accountView(
  account: Account,
  publicUrl: string,
  row: AccountRow | undefined,
  session?: SessionView,
): z.infer<typeof accountSchema> {
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
  };
}
