import { createRoute, z } from '@hono/zod-openapi';
import { newId } from '../../core/ids.js';
import { writeAudit } from '../../db/access.js';
import type { Write } from '../../domain/backup/index.js';
import type { Log } from '../../telemetry/log.js';
import type { AdminApp, AdminOptions } from './options.js';
import { ProblemError } from './problems.js';
import { problemAnswer, problems, security } from './schemas.js';

const mediaType = 'application/x-tar';

const makeRoute = createRoute({
  method: 'post',
  path: '/v1/backups',
  operationId: 'makeBackup',
  summary: 'Makes a backup of all instances and sends it as it is made.',
  description:
    'The format is docs/spec/backup.md. An answer that breaks off is no backup: only a complete one has a manifest.',
  tags: ['Operations'],
  security,
  responses: {
    200: {
      description: 'The backup.',
      content: { [mediaType]: { schema: z.string().openapi({ format: 'binary' }) } },
    },
    ...problems,
    409: problemAnswer('A backup is being made already.'),
    507: problemAnswer('There is not enough room on the disk of the embedded database.'),
  },
});

export function addBackupRoutes(app: AdminApp, { database, writeBackup, log }: AdminOptions): void {
  let busy = false;

  app.openapi(makeRoute, async (context) => {
    const { instanceId, keyId } = context.get('caller');
    if (instanceId !== null) {
      throw new ProblemError(403, 'This API key belongs to one instance. Use a key that is for all of them.');
    }
    if (busy) throw new ProblemError(409, 'A backup is being made already. Wait until it has ended.');
    busy = true;
    const id = newId();
    const backup = (write: Write) =>
      writeBackup(id, write).finally(() => {
        busy = false;
      });
    const body = await streamed(backup, log);
    await writeAudit(database.orm, { instanceId: null, actor: keyId, action: 'backup.make', subject: id });
    return new Response(body, { headers: { 'content-type': mediaType } });
  });
}

/** Resolves with the first bytes, or fails with what stood in their way; a later failure breaks the stream off. */
async function streamed(
  produce: (write: Write) => Promise<unknown>,
  log: Log,
): Promise<ReadableStream<Uint8Array>> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  await new Promise<void>((begun, failed) => {
    const write = (bytes: Uint8Array) => {
      begun();
      return writer.write(bytes);
    };
    produce(write)
      .then(
        () => writer.close(),
        (error: unknown) => {
          failed(error);
          log.warn({ error }, 'A backup broke off; what was sent of it has no manifest and is of no use.');
          return writer.abort(error);
        },
      )
      .catch(() => undefined);
  });
  return readable;
}
