import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageEvent, startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { readAttachment, settleAttachment } from '../../db/attachments.js';
import { type KeptAttachment, openAttachment, sealAttachment } from '../../domain/attachments.js';

let api: TestApi;
let account: string;
beforeAll(async () => {
  api = await startTestApi();
  const settings = { token: 'a token', numbers: '+12025550100' };
  const body = { connector: 'test-chat', name: 'desk', settings };
  account = (await api.call('POST', '/v1/accounts', { body })).body.id;
});
afterAll(() => api?.close());

let count = 0;

interface Given {
  readonly name?: string;
  readonly contentType?: string;
  readonly durationSeconds?: number;
}

/** A message with one attachment, known by its reference only; returns the attachment's id. */
async function referenced(given: Given = {}): Promise<string> {
  count += 1;
  const attachments = [{ key: `media/${count}`, reference: 'somewhere', ...given }];
  await api.capture(api.tenant, account, { events: [messageEvent(`m${count}`, { attachments })] });
  await api.record(api.tenant);
  const { body } = await api.call('GET', '/v1/messages?limit=500');
  return body.data.at(-1).attachments[0].id;
}

async function settle(
  id: string,
  change: (attachment: KeptAttachment) => Partial<KeptAttachment>,
  blobId: string | null,
) {
  const { orm } = api.database;
  const attachment = openAttachment(api.tenant.vault, (await readAttachment(orm, api.tenant.id, id))!);
  const sealed = sealAttachment(api.tenant.vault, { ...attachment, ...change(attachment) });
  await settleAttachment(
    orm,
    blobId === null ? { id, sealed, state: 'gone', blobId } : { id, sealed, state: 'stored', blobId },
  );
}

async function stored(content: string, given: Given = {}) {
  const id = await referenced(given);
  const store = await api.blobs.of(api.tenant);
  async function* source() {
    yield Buffer.from(content);
  }
  const blob = await store.put(source(), { lengthMaxBytes: 1_000_000 });
  await settle(id, () => ({ byteLength: blob.byteLength, sha256: blob.sha256 }), blob.id);
  return { id, path: `/v1/attachments/${id}`, blob };
}

const get = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { headers });
const header = ({ headers }: { headers: Headers }, name: string) => headers.get(name);

describe('an attachment', () => {
  it('is given with what a browser needs to do no harm with it', async () => {
    const { path, blob } = await stored('a picture', { contentType: 'image/png', name: 'chart.png' });
    const answer = await get(path);
    expect(answer).toMatchObject({ status: 200, body: 'a picture' });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '9',
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="chart.png"; filename*=UTF-8''chart.png`,
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'repr-digest': `sha-256=:${createHash('sha256').update('a picture').digest('base64')}:`,
      etag: `"${blob.sha256}"`,
    });
  });

  it.each(['text/html', 'image/svg+xml', 'application/javascript', 'text/xml', 'nonsense', ''])(
    'that calls itself %j is bytes without a meaning',
    async (contentType) => {
      const { path } = await stored('<script>alert(1)</script>', { contentType });
      expect(header(await get(path), 'content-type')).toBe('application/octet-stream');
    },
  );

  it.each([
    ['../../etc/passwd', '_.._etc_passwd'],
    ['a"\r\nSet-Cookie: x=1', 'a___Set-Cookie_ x_1'],
    ['\u202egnp.exe', '_gnp.exe'],
    ['.htaccess', 'htaccess'],
  ])('that is named %j is saved as %s', async (name, saved) => {
    const { path } = await stored('x', { name });
    const disposition = header(await get(path), 'content-disposition') ?? '';
    expect(disposition).toContain(`filename="${saved}"`);
  });

  it('is given in parts, and can be gone on with', async () => {
    const { path, blob } = await stored('0123456789');
    const part = await get(path, { range: 'bytes=2-4' });
    expect(part).toMatchObject({ status: 206, body: '234' });
    expect(header(part, 'content-range')).toBe('bytes 2-4/10');
    expect(header(part, 'content-length')).toBe('3');
    expect(await get(path, { range: 'bytes=-3' })).toMatchObject({ status: 206, body: '789' });
    const same = { range: 'bytes=8-', 'if-range': `"${blob.sha256}"` };
    expect(await get(path, same)).toMatchObject({ status: 206, body: '89' });
    expect(await get(path, { ...same, 'if-range': '"other"' })).toMatchObject({ status: 200 });
  });

  it('has no part behind its end', async () => {
    const { path } = await stored('0123456789');
    const answer = await get(path, { range: 'bytes=10-' });
    expect(answer).toMatchObject({ status: 416, body: { detail: expect.stringContaining('10 bytes') } });
    expect(header(answer, 'content-range')).toBe('bytes */10');
  });

  it('is not sent again to those who have it', async () => {
    const { path, blob } = await stored('0123456789');
    const headers = { authorization: `Bearer ${api.adminKey}`, 'if-none-match': `"${blob.sha256}"` };
    const answer = await api.app.request(path, { headers });
    expect(answer.status).toBe(304);
    expect(await answer.text()).toBe('');
  });

  it('is described without its bytes', async () => {
    const { path } = await stored('0123456789');
    const headers = { authorization: `Bearer ${api.adminKey}` };
    const answer = await api.app.request(path, { method: 'HEAD', headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('10');
    expect(await answer.text()).toBe('');
  });

  it('has each reading noted, with the key that read, and no looking', async () => {
    const { id, path } = await stored('0123456789');
    const key = await api.addKey(['read']);
    await api.app.request(path, { method: 'HEAD', headers: { authorization: `Bearer ${key}` } });
    expect(await api.call('GET', path, { key })).toMatchObject({ status: 200 });
    const rows = await api.database.sql<{ action: string; actor: string }[]>`
      select action, actor from audit_trail where subject = ${id}`;
    expect(rows).toHaveLength(1);
    expect(rows[0]?.action).toBe('attachment.read');
  });
});

describe('an attachment without bytes', () => {
  it('that is unknown, or of another instance, is not found', async () => {
    const { path } = await stored('x');
    const other = (await api.tenants.create('other'))!;
    const key = await api.addKey(['read'], other.id);
    expect(await api.call('GET', path, { key })).toMatchObject({ status: 404 });
    expect(await get('/v1/attachments/018f0000-0000-7000-8000-000000000000')).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('There is no attachment') },
    });
    expect(await get('/v1/attachments/nonsense')).toMatchObject({ status: 400 });
  });

  it('that was not fetched says so', async () => {
    const id = await referenced();
    expect(await get(`/v1/attachments/${id}`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('not fetched') },
    });
  });

  it('that is gone says why', async () => {
    const id = await referenced();
    const unavailable = { reason: 'not-found', detail: 'The provider answered 404.' };
    await settle(id, () => ({ unavailable }), null);
    expect(await get(`/v1/attachments/${id}`)).toMatchObject({
      status: 410,
      body: { detail: expect.stringMatching(/not-found.*The provider answered 404/) },
    });
  });

  it('whose file was lost says what to restore', async () => {
    const { path, blob } = await stored('lost soon');
    await rm(join(api.blobs.directory, api.tenant.id, blob.id.slice(0, 2), blob.id));
    expect(await get(path)).toMatchObject({
      status: 500,
      body: { detail: expect.stringContaining('restore the folder blobs') },
    });
  });
});

it('shows in the message log what became of the bytes', async () => {
  const { id, blob } = await stored('0123456789', { contentType: 'audio/ogg', durationSeconds: 7 });
  const { body } = await api.call('GET', '/v1/messages?limit=500');
  expect(body.data.at(-1).attachments).toEqual([
    {
      id,
      contentType: 'audio/ogg',
      byteLength: 10,
      sha256: blob.sha256,
      durationSeconds: 7,
      state: 'stored',
    },
  ]);
});
