import { createRoute, z } from '@hono/zod-openapi';
import { readAttachment } from '../../db/attachments.js';
import { readRecordsById } from '../../db/journal.js';
import { readMediaJob } from '../../db/media-jobs.js';
import type { AttachmentRow } from '../../db/message-log.js';
import { type KeptAttachment, openAttachment } from '../../domain/attachments.js';
import { auditAct } from '../../domain/audit.js';
import type { Tenant } from '../../domain/tenants.js';
import type { BlobStore } from '../../vault/blob/index.js';
import { readRange } from '../byte-range.js';
import { dispositionOf, safeContentType, safeContentTypes, unknownContentType } from '../safe-content.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { notFound, ProblemError } from './problems.js';
import { idParams, instanceQuery, problemAnswer, problems, security } from './schemas.js';

const bytesSchema = z.string().openapi({ format: 'binary' });

const content = Object.fromEntries(
  [...safeContentTypes, unknownContentType].map((type) => [type, { schema: bytesSchema }]),
);

const getRoute = createRoute({
  method: 'get',
  path: '/v1/attachments/{id}',
  operationId: 'getAttachment',
  summary: 'The bytes of an attachment, or the part that the header Range names. Each reading is noted.',
  tags: ['Messages'],
  security,
  request: { params: idParams, query: instanceQuery },
  responses: {
    200: { description: 'The bytes. `Repr-Digest` holds their SHA-256.', content },
    206: { description: 'The part that was asked for.', content },
    304: { description: 'The caller has them: `If-None-Match` names their ETag.' },
    409: problemAnswer('The bytes were not fetched yet.'),
    410: problemAnswer('The bytes cannot be had; the problem says why.'),
    416: problemAnswer('The bytes have no such part.'),
    ...problems,
  },
});

interface Found {
  readonly attachment: KeptAttachment & { readonly byteLength: number; readonly sha256: string };
  readonly blobId: string;
  readonly store: BlobStore;
}

export function addAttachmentRoutes(app: AdminApp, options: AdminOptions): void {
  app.openapi(getRoute, async (context) => {
    const tenant = await requireInstance(context, options.tenants);
    const { id } = context.req.valid('param');
    const { attachment, blobId, store } = await find(options, tenant, id);
    const { byteLength, sha256 } = attachment;
    const etag = `"${sha256}"`;
    const headers = headersOf(attachment, etag);
    const given = (name: string) => context.req.header(name);
    if (given('if-none-match')?.includes(etag) === true) return context.body(null, 304, headers);
    const wanted = given('if-range') ?? etag;
    const part = wanted === etag ? readRange(given('range'), byteLength) : 'whole';
    if (part === 'unsatisfiable') {
      const detail = `Attachment ${id} has ${byteLength} bytes; ask for a part within them.`;
      throw new ProblemError(416, detail, undefined, { 'Content-Range': `bytes */${byteLength}` });
    }
    const { start, end } = part === 'whole' ? { start: 0, end: byteLength } : part;
    const length = { 'Content-Length': String(end - start) };
    const range = part === 'whole' ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${byteLength}` };
    const answer = { ...headers, ...length, ...range };
    const status = part === 'whole' ? 200 : 206;
    if (context.req.method === 'HEAD') return context.body(null, status, answer);
    const actor = context.get('caller').keyId;
    // Before the first byte: what was read must stand in the trail, also where the reader breaks off.
    await auditAct(options.database.orm, tenant, {
      actor,
      action: 'attachment.read',
      subject: id,
      detail: { start, end },
    });
    const bytes = logged(store.open(blobId, { start, end }), options, id);
    return context.body(ReadableStream.from(bytes) as ReadableStream, status, answer);
  });
}

/** @throws {ProblemError} when there is none, or when its bytes are not there. */
async function find({ database, blobs }: AdminOptions, tenant: Tenant, id: string): Promise<Found> {
  const row = await readAttachment(database.orm, tenant.id, id);
  const record = row && (await readRecordsById(database.orm, [row.recordId])).get(row.recordId);
  if (row === undefined || record === undefined) {
    throw notFound('attachment', id, 'the message that brought it');
  }
  if (record.sealedContent === null) throw new ProblemError(410, `Attachment ${id} was erased.`);
  const attachment = openAttachment(tenant.vault, row);
  if (row.state === 'gone') throw gone(attachment);
  const { byteLength, sha256 } = attachment;
  if (row.blobId === null || byteLength === undefined || sha256 === undefined) {
    throw new ProblemError(409, await whyNotYet({ database }, row));
  }
  const store = await blobs.of(tenant);
  if ((await store.stat(row.blobId)) === undefined) {
    throw new ProblemError(
      500,
      `The bytes of attachment ${id} are lost: restore the folder blobs of the data directory from a backup.`,
    );
  }
  return { attachment: { ...attachment, byteLength, sha256 }, blobId: row.blobId, store };
}

function gone({ id, unavailable }: KeptAttachment): ProblemError {
  const why = unavailable === undefined ? '' : ` (${unavailable.reason}). ${unavailable.detail}`;
  return new ProblemError(410, `The bytes of attachment ${id} cannot be had${why}`);
}

async function whyNotYet(
  { database }: Pick<AdminOptions, 'database'>,
  { id }: AttachmentRow,
): Promise<string> {
  const job = await readMediaJob(database.orm, id);
  if (job === undefined) {
    return `The bytes of attachment ${id} are not fetched: its connector knows of them by reference only.`;
  }
  const failure = job.failure === null ? '' : ` The last try failed: ${job.failure}`;
  return `The bytes of attachment ${id} were not fetched yet; the next try is due ${job.dueAt.toISOString()}.${failure}`;
}

/** Safe to open in a browser, whatever the bytes are: it saves them, guesses nothing, and would run nothing. */
function headersOf(attachment: Found['attachment'], etag: string): Record<string, string> {
  const { id, name, contentType, sha256 } = attachment;
  return {
    'Content-Type': safeContentType(contentType),
    'Content-Disposition': dispositionOf(name, id),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-store',
    'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    ETag: etag,
  };
}

/** The reader only sees the connection break: the log says why. */
async function* logged(
  bytes: AsyncIterable<Uint8Array>,
  { log }: AdminOptions,
  attachment: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    log.error({ error, attachment }, 'The bytes of an attachment could not be read to their end.');
    throw error;
  }
}
