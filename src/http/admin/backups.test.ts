import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { wasAudited } from '../../db/access.js';
import { NoRoomError, readBackup } from '../../domain/backup/index.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const ask = (key: string) =>
  api.app.request('/v1/backups', { method: 'POST', headers: { authorization: `Bearer ${key}` } });

describe('POST /v1/backups', () => {
  it('sends a whole backup, and the audit trail says who asked', async () => {
    const response = await ask(api.adminKey);
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    const directory = await mkdtemp(join(tmpdir(), 'archway-backup-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'backup.tar');
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    const { id, instances } = await readBackup(file, {}, api.tenants.masterKey);
    expect(instances).toEqual([api.tenant.id]);
    expect(await wasAudited(api.database.orm, { action: 'backup.make', subject: id })).toBe(true);
  });

  it('is for keys of the whole installation that may write', async () => {
    const { status, body } = await api.call('POST', '/v1/backups', {
      key: await api.addKey(['admin'], api.tenant.id),
    });
    expect(status).toBe(403);
    expect(body.detail).toContain('belongs to one instance');
    expect((await ask(await api.addKey(['read']))).status).toBe(403);
  });

  it('is free again after a reader that went away', async () => {
    const response = await ask(api.adminKey);
    expect((await api.call('POST', '/v1/backups')).status).toBe(409);
    await response.body?.cancel();
    await expect.poll(async () => (await ask(api.adminKey)).status, { timeout: 10_000 }).toBe(200);
  });

  it('says when there is no room', async () => {
    const other = await startTestApi({
      writeBackup: () => Promise.reject(new NoRoomError('There is no room. Make room.')),
    });
    const { status, body } = await other.call('POST', '/v1/backups');
    expect({ status, detail: body.detail }).toEqual({ status: 507, detail: 'There is no room. Make room.' });
    await other.close();
  });
});
