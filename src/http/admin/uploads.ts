import { createRoute, z } from '@hono/zod-openapi';
import { addUpload, type Upload } from '../../domain/uploads.js';
import { LengthExceededError } from '../../vault/index.js';
import { requireInstance } from './access.js';
import type { AdminApp, AdminOptions } from './options.js';
import { uploadSchema } from './outbound-schemas.js';
import { ProblemError } from './problems.js';
import { instanceQuery, jsonAnswer, operatorText, problemAnswer, problems, security } from './schemas.js';

/** Where the limit of other bodies does not hold. */
export const uploadPath = '/v1/media';

/** More than any channel takes. */
export const uploadMaxBytes = 16 * 1024 * 1024;

const contentTypePattern = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;

const uploadRoute = createRoute({
  method: 'post',
  path: uploadPath,
  operationId: 'uploadMedia',
  summary:
    'Brings in a file to be sent along with a message. The body is the file, its Content-Type is what it is.',
  tags: ['Messages'],
  security,
  request: {
    query: instanceQuery.extend({
      name: operatorText(200).optional().openapi({ description: 'Name of the file, for the record.' }),
    }),
    body: { required: true, content: { 'application/octet-stream': { schema: z.unknown() } } },
  },
  responses: {
    201: jsonAnswer('Kept; its id goes into `media` of a message.', uploadSchema),
    ...problems,
    413: problemAnswer(`The file is larger than ${uploadMaxBytes} bytes.`),
  },
});

export function addUploadRoutes(app: AdminApp, { database, tenants, blobs }: AdminOptions): void {
  app.openapi(uploadRoute, async (context) => {
    const tenant = await requireInstance(context, tenants);
    const contentType =
      (context.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (!contentTypePattern.test(contentType)) {
      throw new ProblemError(400, 'Say what the file is in the header Content-Type, such as image/jpeg.');
    }
    const { body } = context.req.raw;
    if (body === null) throw new ProblemError(400, 'The body is empty. Send the file as the body.');
    const { name } = context.req.valid('query');
    const source = body as unknown as AsyncIterable<Uint8Array>;
    const given = { source, contentType, name, lengthMaxBytes: uploadMaxBytes };
    const upload = await addUpload(database.orm, tenant, await blobs.of(tenant), given).catch(tooLong);
    return context.json(uploadView(upload), 201);
  });
}

function tooLong(error: unknown): never {
  if (!(error instanceof LengthExceededError)) throw error;
  throw new ProblemError(413, `The file is larger than ${uploadMaxBytes} bytes; no channel takes that.`);
}

function uploadView({ id, contentType, byteLength, sha256, name }: Upload): z.infer<typeof uploadSchema> {
  return { id, contentType, byteLength, sha256, name: name ?? null };
}
