import { createRoute, z } from '@hono/zod-openapi';
import { type ConversationRow, listConversations, readConversationRecords } from '../../db/conversations.js';
import type { RecordRow } from '../../db/journal.js';
import { readAccounts } from '../../domain/accounts.js';
import { withOtherAddresses } from '../../domain/address-aliases.js';
import { addressId } from '../../domain/addresses.js';
import { auditAct } from '../../domain/audit.js';
import { rebuildCalls } from '../../domain/calls.js';
import { readConversationEntries, readConversationViews } from '../../domain/conversation-view.js';
import { rebuildThreads } from '../../domain/threads.js';
import { requireInstance } from './access.js';
import { callSchema } from './call-schemas.js';
import { accountIdOf, peopleOf } from './filters.js';
import { addressFilter, logFilters, periodOf } from './log-filters.js';
import { attachmentSchema, historyEntrySchema } from './message-schemas.js';
import type { AdminApp, AdminOptions } from './options.js';
import { numberAfter, numberPast, readPage } from './pagination.js';
import { ProblemError } from './problems.js';
import { pageRoute } from './routes.js';
import {
  idParams,
  instanceQuery,
  instantSchema,
  jsonAnswer,
  nameFilter,
  pageQuery,
  pageSchema,
  personSchema,
  problems,
  security,
  timeFilter,
} from './schemas.js';

const tags = ['Conversations'];

const participantSchema = z
  .object({
    role: z.enum(['custodian', 'contact', 'unknown']),
    own: z.boolean().openapi({ description: 'Under an address of an account of ours.' }),
    person: personSchema.nullable(),
    addresses: z.array(z.string()),
  })
  .openapi('Participant');

const conversationSchema = z
  .object({
    id: z.uuid().openapi({ description: 'Equal for equal people on every channel; of a group, its own.' }),
    custodian: personSchema.nullable(),
    contact: personSchema.nullable(),
    participants: z.array(participantSchema),
    channels: z.array(z.string()),
    accounts: z.array(z.uuid()),
    records: z.int().nonnegative().openapi({ description: 'Without receipts.' }),
    messages: z.int().nonnegative(),
    calls: z.int().nonnegative(),
    firstAt: instantSchema,
    lastAt: instantSchema,
  })
  .openapi('Conversation');

const attachments = z.array(attachmentSchema);

const entrySchema = historyEntrySchema
  .extend({
    channel: z.string().nullable(),
    connector: z.string(),
    account: z.uuid().nullable(),
    thread: z
      .uuid()
      .nullable()
      .openapi({ description: 'The conversation of the provider: `conversation` of a record.' }),
    direction: z.enum(['inbound', 'outbound']).nullable(),
    from: z.string().nullable(),
    to: z.array(z.string()),
    routing: z.record(z.string(), z.string()).nullable(),
    custodianNow: personSchema.nullable().openapi({ description: 'Of that time, as far as is known today.' }),
    contactNow: personSchema.nullable(),
    attachments,
    call: callSchema.nullable().openapi({ description: 'What came of it, where it is a call.' }),
    history: z
      .array(historyEntrySchema.extend({ attachments }))
      .openapi({ description: 'What is about it: receipts, edits …; of a call, all that tells of it.' }),
  })
  .openapi('ConversationEntry');

const filters = pageQuery.extend({
  custodian: nameFilter('Id or name of a custodian who takes part.'),
  contact: nameFilter('Id or name of a contact who takes part.'),
  address: addressFilter('A number or address that takes part.'),
  channel: z.string().min(1).max(50).optional(),
  account: logFilters.account,
  since: timeFilter('Something was said at this time or later.'),
  until: timeFilter('Something was said before this time.'),
});

const listRoute = pageRoute({
  path: '/v1/conversations',
  operationId: 'listConversations',
  summary: 'Who spoke with whom, over all channels; those with the newest record first.',
  tags,
  query: filters,
  items: 'conversations',
  item: conversationSchema,
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/conversations/{id}',
  operationId: 'getConversation',
  summary: 'One conversation with a page of its records, in the order of the journal over all channels.',
  tags,
  security,
  request: { params: idParams, query: pageQuery },
  responses: {
    200: jsonAnswer(
      'The conversation.',
      pageSchema(entrySchema).extend({ conversation: conversationSchema }),
    ),
    ...problems,
  },
});

const rebuildRoute = createRoute({
  method: 'post',
  path: '/v1/conversations/rebuild',
  operationId: 'rebuildConversations',
  summary: 'Makes the list of conversations and the call log again from the journal.',
  tags,
  security,
  request: { query: instanceQuery },
  responses: { 200: jsonAnswer('Made.', z.object({ records: z.int().nonnegative() })), ...problems },
});

const listOrder = {
  list: 'conversations',
  after: numberPast,
  positionOf: (row: ConversationRow) => row.lastSequence,
};
const order = { list: 'conversation', after: numberAfter, positionOf: (row: RecordRow) => row.sequence };

export function addConversationRoutes(app: AdminApp, options: AdminOptions): void {
  const { database, tenants, registry } = options;

  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const query = context.req.valid('query');
    const people = [
      ...(await peopleOf(options, tenant, 'custodian', query.custodian)),
      ...(await peopleOf(options, tenant, 'contact', query.contact)),
    ];
    const addressesOfEnd = async (address: string) => {
      const id = addressId(tenant.vault, address);
      return (await withOtherAddresses(database.orm, tenant.id, [id])).get(id);
    };
    const wanted = {
      instanceId: tenant.id,
      personIds: people.map((person) => person.id),
      addressIds: query.address === undefined ? undefined : await addressesOfEnd(query.address),
      channel: query.channel,
      accountId: await accountIdOf(options, tenant, query.account),
      ...periodOf(query),
    };
    const { rows, next } = await readPage(listOrder, query, ({ after: before, limit }) =>
      listConversations(database.orm, { ...wanted, before, limit }),
    );
    return context.json({ data: await readConversationViews(database.orm, tenant, rows), next }, 200);
  });

  app.openapi(showRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { id } = context.req.valid('param');
    const wanted = { instanceId: tenant.id, before: undefined, limit: 1, personIds: [], id };
    const rows = await listConversations(database.orm, wanted);
    const [conversation] = await readConversationViews(database.orm, tenant, rows);
    if (conversation === undefined) {
      throw new ProblemError(
        404,
        `There is no conversation ${id} in this instance. It has another id once its people are others: see /v1/conversations.`,
      );
    }
    const { rows: records, next } = await readPage(order, context.req.valid('query'), (page) =>
      readConversationRecords(database.orm, { instanceId: tenant.id, conversationId: id, ...page }),
    );
    const data = await readConversationEntries(database.orm, tenant, records);
    return context.json({ conversation, data, next }, 200);
  });

  app.openapi(rebuildRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const accounts = await readAccounts(database.orm, tenant, registry);
    const actor = context.get('caller').keyId;
    const records = await database.orm.transaction(async (tx) => {
      await rebuildCalls(tx, tenant);
      const read = await rebuildThreads(tx, tenant, accounts);
      await auditAct(tx, tenant, { actor, action: 'conversations.rebuild', subject: tenant.id });
      return read;
    });
    return context.json({ records }, 200);
  });
}
