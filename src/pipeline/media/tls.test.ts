import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchMedia } from './fetch-media.js';
import { redirect, type SeenRequest, TestProvider } from './testing.js';

/** Of media.example, valid until 2120, signed by itself. The key is public by being here, and protects nothing. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBaTCCARCgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1tZWRpYS5l
eGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA1tZWRpYS5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEy+U4
gMx/a4TNMTTPOsVWxMit6NwMoDfiCARgMLFBfLh0BvyPvyz9tCtmO0yb8gUCkBhq
4CXWKl8UXopOmrhVjqNJMEcwGAYDVR0RBBEwD4INbWVkaWEuZXhhbXBsZTAMBgNV
HRMEBTADAQH/MB0GA1UdDgQWBBQLkZRU/H3LkZW6ZgOyMwbC2Acq9jAKBggqhkjO
PQQDAgNHADBEAiA3P5Ntw8XVyBYR82HcwJkL0KpTyw9TC3SUPAMrh7reMAIgWb1C
7oYwiR7W4ZEVp8/T6EePS9xUailjhORbSyyjce0=
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0YhXjyqys/J+LNHg
ELnieJFGqQlqS1zhzZbG/5TwiVWhRANCAATL5TiAzH9rhM0xNM86xVbEyK3o3Ayg
N+IIBGAwsUF8uHQG/I+/LP20K2Y7TJvyBQKQGGrgJdYqXxReik6auFWO
-----END PRIVATE KEY-----`;

const credentials = 'Basic c2VjcmV0';

let server: Server;
let port: number;
/** What came through TLS. */
let seen: SeenRequest[];

beforeEach(async () => {
  seen = [];
  server = createServer({ key, cert: certificate }, ({ url = '', headers }, response) => {
    seen.push({ url, headers });
    response.writeHead(200, { 'content-type': 'image/png' }).end('a picture');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Fetches from a name that leads to the server. */
async function fetchFrom(host: string, trusted?: string): Promise<string> {
  const name = `${host}:${port}`;
  const request = { url: `https://${name}/media`, hosts: [name], headers: { authorization: credentials } };
  return read(request, trusted);
}

async function read(request: Parameters<typeof fetchMedia>[0], trusted?: string): Promise<string> {
  const limits = { lengthMaxBytes: 1024, answerMaxMs: 10_000, idleMaxMs: 10_000 };
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const { signal } = new AbortController();
  const options = { limits, signal, resolve, trusted, allowTestEndpoints: true };
  const pieces: Uint8Array[] = [];
  for await (const piece of (await fetchMedia(request, options)).body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const distrust = (code: string) => ({
  name: 'MediaFailure',
  reason: 'unreachable',
  kind: 'unavailable',
  message: expect.stringContaining(code),
});

it('gives credentials to a host with a certificate of its name', async () => {
  expect(await fetchFrom('media.example', certificate)).toBe('a picture');
  expect(seen[0]?.headers.authorization).toBe(credentials);
});

it('sends nothing to a host whose certificate nobody vouches for', async () => {
  await expect(fetchFrom('media.example')).rejects.toMatchObject(distrust('DEPTH_ZERO_SELF_SIGNED_CERT'));
  expect(seen).toEqual([]);
});

it('sends nothing to one with a certificate of another name', async () => {
  await expect(fetchFrom('other.example', certificate)).rejects.toMatchObject(
    distrust('ERR_TLS_CERT_ALTNAME_INVALID'),
  );
  expect(seen).toEqual([]);
});

it('sends nothing where the environment says to trust everybody', async () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    await expect(fetchFrom('media.example')).rejects.toMatchObject(distrust('DEPTH_ZERO_SELF_SIGNED_CERT'));
  } finally {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
  expect(seen).toEqual([]);
});

it('follows no redirect to a host that it does not trust', async () => {
  const name = `media.example:${port}`;
  await using provider = await TestProvider.start({ '/media': redirect(`https://${name}/signed`) });
  const request = { url: provider.url('/media'), hosts: [provider.host], redirectHosts: [name] };
  await expect(read(request)).rejects.toMatchObject(distrust('DEPTH_ZERO_SELF_SIGNED_CERT'));
  expect(seen).toEqual([]);
});
