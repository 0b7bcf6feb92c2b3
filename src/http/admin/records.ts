import { z } from '@hono/zod-openapi';
import type { RecordRow } from '../../db/journal.js';
import { readRecordPage } from '../../db/record-page.js';
import { readEnvelope, readSkeleton } from '../../domain/records.js';
import { contentSchema, type Envelope, recordKinds, type Skeleton, skeletonSchema } from '../../sdk/index.js';
import type { InstanceVault } from '../../vault/index.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { numberAfter, readPage } from './pagination.js';
import { pageRoute } from './routes.js';
import { pageQuery } from './schemas.js';

const envelopeAnswerSchema = z
  .object({ skeleton: skeletonSchema, content: contentSchema.nullable(), salt: z.string().nullable() })
  .openapi('Envelope', { description: 'One record. Content and salt are null once they were erased.' });

type EnvelopeAnswer = Envelope | { readonly skeleton: Skeleton; readonly content: null; readonly salt: null };

const listRoute = pageRoute({
  path: '/v1/records',
  operationId: 'listRecords',
  summary: 'The journal, in its order: every record of an instance.',
  tags: ['Records'],
  query: pageQuery.extend({ kind: z.enum(recordKinds).optional(), conversation: z.uuid().optional() }),
  items: 'records',
  item: envelopeAnswerSchema,
});

const order = { list: 'records', after: numberAfter, positionOf: (row: RecordRow) => row.sequence };

export function addRecordRoutes(app: AdminApp, { database, tenants }: AdminOptions): void {
  app.openapi(listRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const { kind, conversation, ...request } = context.req.valid('query');
    const wanted = { instanceId: tenant.id, kind, conversationId: conversation };
    const { rows, next } = await readPage(order, request, (page) =>
      readRecordPage(database.orm, { ...wanted, ...page }),
    );
    return context.json({ data: rows.map((row) => envelopeAnswer(tenant.vault, row)), next }, 200);
  });
}

function envelopeAnswer(vault: InstanceVault, row: RecordRow): EnvelopeAnswer {
  if (row.sealedContent === null) return { skeleton: readSkeleton(row), content: null, salt: null };
  return readEnvelope(vault, row);
}
