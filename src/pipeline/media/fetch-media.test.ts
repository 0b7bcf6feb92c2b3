import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MediaRequest } from '../../sdk/index.js';
import { type FetchOptions, fetchMedia } from './fetch-media.js';
import { bytes, endless, redirect, TestProvider } from './testing.js';

let provider: TestProvider;
let cdn: TestProvider;
beforeEach(async () => {
  [provider, cdn] = [await TestProvider.start(), await TestProvider.start()];
});
afterEach(async () => {
  await provider[Symbol.asyncDispose]();
  await cdn[Symbol.asyncDispose]();
});

const authorization = 'Basic c2VjcmV0';

function request(given: Partial<MediaRequest> = {}): MediaRequest {
  return {
    url: provider.url('/media'),
    hosts: [provider.host],
    redirectHosts: [cdn.host],
    headers: { authorization },
    ...given,
  };
}

async function fetchAll(given: Partial<MediaRequest> = {}, options: Partial<FetchOptions> = {}) {
  const limits = { lengthMaxBytes: 1024 * 1024, answerMaxMs: 10_000, idleMaxMs: 10_000 };
  const { signal } = new AbortController();
  const fetched = await fetchMedia(request(given), { limits, signal, allowTestEndpoints: true, ...options });
  const pieces: Uint8Array[] = [];
  for await (const piece of fetched.body) pieces.push(piece);
  return { contentType: fetched.contentType, content: Buffer.concat(pieces).toString() };
}

const failing = (reason: string, kind: string) => ({ name: 'MediaFailure', reason, kind });

describe('an attachment', () => {
  it('is fetched with the credentials of the account, and uncompressed', async () => {
    provider.paths['/media'] = bytes('a picture');
    expect(await fetchAll()).toEqual({ contentType: 'image/png', content: 'a picture' });
    expect(provider.seen[0]?.headers).toMatchObject({ authorization, 'accept-encoding': 'identity' });
  });

  it('comes from where a redirect leads, and the credentials stay behind', async () => {
    provider.paths['/media'] = redirect(cdn.url('/signed'), 307);
    cdn.paths['/signed'] = bytes('a picture');
    expect((await fetchAll()).content).toBe('a picture');
    expect(cdn.seen).toHaveLength(1);
    expect(JSON.stringify(cdn.seen)).not.toContain('c2VjcmV0');
  });

  it('has no credentials sent after a redirect, not even to the same host', async () => {
    provider.paths['/media'] = redirect('/elsewhere');
    provider.paths['/elsewhere'] = bytes('a picture');
    expect((await fetchAll()).content).toBe('a picture');
    expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([authorization, undefined]);
  });

  it('is taken when it has the promised digest, and refused when not', async () => {
    provider.paths['/media'] = bytes('a picture');
    const sha256 = createHash('sha256').update('a picture').digest('hex');
    expect((await fetchAll({ sha256 })).content).toBe('a picture');
    await expect(fetchAll({ sha256: 'ab'.repeat(32) })).rejects.toMatchObject(
      failing('wrong-bytes', 'damaged'),
    );
  });
});

describe('a host that was not named', () => {
  it.each([
    'https://collector.example/media',
    'http://169.254.169.254/latest/meta-data',
    'https://localhost/media',
    'https://127.0.0.1.nip.example/media',
  ])('is not asked: %s', async (url) => {
    await expect(fetchAll({ url })).rejects.toMatchObject(failing('host-not-allowed', 'rejected'));
  });

  it('is not asked either when its name only begins or ends like one', async () => {
    const url = `http://127.0.0.1.collector.example:${provider.host.split(':')[1]}/media`;
    await expect(fetchAll({ url })).rejects.toMatchObject(failing('host-not-allowed', 'rejected'));
    await expect(fetchAll({ url: `http://${provider.host}@collector.example/` })).rejects.toMatchObject(
      failing('insecure-url', 'rejected'),
    );
  });

  it('gets no request, and no credential, by redirect', async () => {
    provider.paths['/media'] = redirect(cdn.url('/media'));
    await expect(fetchAll({ redirectHosts: [] })).rejects.toMatchObject(
      failing('host-not-allowed', 'rejected'),
    );
    expect(cdn.seen).toEqual([]);
  });

  it('cannot be reached first, when it is good for redirects only', async () => {
    await expect(fetchAll({ url: cdn.url('/media') })).rejects.toMatchObject(
      failing('host-not-allowed', 'rejected'),
    );
    expect(cdn.seen).toEqual([]);
  });
});

describe('a private address', () => {
  const strict = { allowTestEndpoints: false };

  it.each(['https://127.0.0.1/a', 'https://10.0.0.8/a', 'https://[::1]/a', 'https://169.254.169.254/a'])(
    'is refused in a link: %s',
    async (url) => {
      const hosts = [new URL(url).host];
      await expect(fetchAll({ url, hosts }, strict)).rejects.toMatchObject(
        failing('private-address', 'rejected'),
      );
    },
  );

  it('is refused when a name of the provider has come to lead there; that may pass', async () => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const options = { ...strict, resolve };
    await expect(
      fetchAll({ url: 'https://api.example/a', hosts: ['api.example'] }, options),
    ).rejects.toMatchObject(failing('private-name', 'unavailable'));
  });

  it('of another machine is refused even where test endpoints are allowed', async () => {
    const resolve = async () => [{ address: '10.1.2.3', family: 4 }];
    await expect(
      fetchAll({ url: 'https://api.example/a', hosts: ['api.example'] }, { resolve }),
    ).rejects.toMatchObject(failing('private-name', 'unavailable'));
  });

  it('is refused in a redirect', async () => {
    provider.paths['/media'] = redirect('https://192.168.1.1/media');
    await expect(fetchAll({ redirectHosts: ['192.168.1.1'] })).rejects.toMatchObject(
      failing('private-address', 'rejected'),
    );
  });
});

describe('plain http', () => {
  it('is refused', async () => {
    await expect(fetchAll({}, { allowTestEndpoints: false })).rejects.toMatchObject(
      failing('insecure-url', 'rejected'),
    );
    expect(provider.seen).toEqual([]);
  });

  it('is refused to a public address even where test endpoints are allowed', async () => {
    const resolve = async () => [{ address: '93.184.216.34', family: 4 }];
    await expect(
      fetchAll({ url: 'http://api.example/a', hosts: ['api.example'] }, { resolve }),
    ).rejects.toMatchObject(failing('insecure-url', 'rejected'));
  });

  it('is refused as any other scheme is', async () => {
    for (const url of ['file:///etc/passwd', 'data:text/plain,x', 'not a URL']) {
      await expect(fetchAll({ url })).rejects.toMatchObject(failing('insecure-url', 'rejected'));
    }
  });
});

describe('a host that the operator named', () => {
  const operators = () => ({ operatorHosts: [provider.host] });
  const strict = { allowTestEndpoints: false };

  it('may be private and speak plain http', async () => {
    provider.paths['/media'] = bytes('a picture');
    expect((await fetchAll(operators(), strict)).content).toBe('a picture');
  });

  it('may be a name that leads to a private address', async () => {
    provider.paths['/media'] = bytes('a picture');
    const host = provider.host.replace('127.0.0.1', 'bot-api.intern');
    const given = { url: `http://${host}/media`, hosts: [host], operatorHosts: [host] };
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    expect((await fetchAll(given, { ...strict, resolve })).content).toBe('a picture');
  });

  it('leads by redirect to no other private address, even of the provider', async () => {
    provider.paths['/media'] = redirect(cdn.url('/a'));
    await expect(fetchAll(operators(), strict)).rejects.toMatchObject({ reason: 'insecure-url' });
    provider.paths['/media'] = redirect(`https://${cdn.host}/a`);
    await expect(fetchAll(operators(), strict)).rejects.toMatchObject({ reason: 'private-address' });
    expect(cdn.seen).toEqual([]);
  });

  it('must be one of the hosts all the same', async () => {
    const given = { ...operators(), hosts: [cdn.host] };
    await expect(fetchAll(given, strict)).rejects.toMatchObject({ reason: 'host-not-allowed' });
  });
});

describe('an answer', () => {
  it.each([
    [404, 'not-found', 'rejected'],
    [410, 'not-found', 'rejected'],
    [400, 'refused', 'rejected'],
    [401, 'not-authorized', 'auth'],
    [403, 'not-authorized', 'auth'],
    [429, 'throttled', 'throttled'],
    [500, 'unreachable', 'unavailable'],
    [503, 'unreachable', 'unavailable'],
    [204, 'unreachable', 'unavailable'],
    [302, 'unreachable', 'unavailable'],
  ])('of %i means %s', async (status, reason, kind) => {
    provider.paths['/media'] = (_, response) => response.writeHead(status).end();
    await expect(fetchAll()).rejects.toMatchObject(failing(reason, kind));
  });

  it('of 403 behind a redirect is a signed link that ran out, and may be better the next time', async () => {
    provider.paths['/media'] = redirect(cdn.url('/signed'));
    cdn.paths['/signed'] = (_, response) => response.writeHead(403).end();
    await expect(fetchAll()).rejects.toMatchObject(failing('unreachable', 'unavailable'));
  });

  it('that redirects for ever is left', async () => {
    provider.paths['/media'] = redirect('/media');
    await expect(fetchAll()).rejects.toMatchObject(failing('too-many-redirects', 'rejected'));
    expect(provider.seen.length).toBeLessThan(10);
  });

  it('that announces too much is refused before any of it is read', async () => {
    provider.paths['/media'] = (_, response) =>
      response.writeHead(200, { 'content-length': 10 * 1024 * 1024 }).write('x');
    await expect(fetchAll()).rejects.toMatchObject(failing('too-large', 'rejected'));
  });

  it('that ends before its announced end is not taken for whole', async () => {
    provider.paths['/media'] = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half of it', () => response.destroy());
    };
    await expect(fetchAll()).rejects.toMatchObject(failing('unreachable', 'unavailable'));
  });

  it('that is compressed is refused', async () => {
    provider.paths['/media'] = (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    await expect(fetchAll()).rejects.toMatchObject(failing('wrong-bytes', 'damaged'));
  });
});

describe('time', () => {
  const limits = { lengthMaxBytes: 1024 * 1024, answerMaxMs: 100, idleMaxMs: 100 };

  it('is up for a provider that does not answer', async () => {
    provider.paths['/media'] = () => undefined;
    await expect(fetchAll({}, { limits })).rejects.toMatchObject(failing('too-slow', 'unavailable'));
  });

  it('is up for name servers that do not answer', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const given = { url: 'https://api.example/a', hosts: ['api.example'] };
    await expect(fetchAll(given, { limits, resolve })).rejects.toMatchObject(
      failing('too-slow', 'unavailable'),
    );
  });

  it('is up for bytes that stop coming', async () => {
    provider.paths['/media'] = (_, response) => void response.writeHead(200).write('a beginning');
    await expect(fetchAll({}, { limits })).rejects.toMatchObject(failing('too-slow', 'unavailable'));
  });

  it('is up for the whole when its signal says so', async () => {
    provider.paths['/media'] = endless;
    const ending = new AbortController();
    setTimeout(() => ending.abort(), 100);
    await expect(fetchAll({}, { signal: ending.signal })).rejects.toMatchObject(
      failing('too-slow', 'unavailable'),
    );
  });
});

it('says nothing of hosts and URLs when it fails', async () => {
  const { host } = provider;
  await provider[Symbol.asyncDispose]();
  const failures = [fetchAll(), fetchAll({ url: 'https://collector.example/secret' })];
  for (const failure of failures) {
    const { message } = (await failure.catch((error: Error) => error)) as Error;
    expect(message).not.toMatch(/collector|secret/);
    expect(message).not.toContain(host);
  }
  provider = await TestProvider.start();
});
