import { readFileSync } from 'node:fs';
import { createServer, type OutgoingHttpHeaders } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabaseUrl } from '../crash/support/databases.js';
import { settled } from '../crash/support/kept.js';
import { GatewayProcess, within } from '../support/gateway-process.js';
import { addDesk, type SignedRequest, send, signedForm, smsFields, Traffic } from '../support/traffic.js';
import { RawConnection } from './support/raw-connection.js';

const megabyte = 1024 * 1024;
/** The gateway allows 15 s for a request and 10 s for its headers, and looks every second. */
const patienceMs = 25_000;
const client = '+12025550123';

let gateway: GatewayProcess;
let account: string;

beforeEach(async () => {
  gateway = await GatewayProcess.start({ databaseUrl: await freshDatabaseUrl() });
  account = await addDesk(gateway);
});

/** A message of this test's, with more fields or other ones. */
function sms(fields: Record<string, string> = {}): URLSearchParams {
  const sid = 'SM0123456789abcdef0123456789abcdef';
  return new URLSearchParams([
    ...smsFields({ sid, from: client, text: 'Good morning' }).filter(([name]) => !(name in fields)),
    ...Object.entries(fields),
  ]);
}

interface Logged {
  readonly id: string;
  readonly text: string;
}

async function expectOneMessage(): Promise<Logged> {
  await settled(gateway);
  const logged = await gateway.list<Logged>('/v1/messages');
  expect(logged).toHaveLength(1);
  return logged[0] as Logged;
}

function residentMegabytes(processId: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

describe('too much', () => {
  /** Sends a body of 20 MB as fast as it is taken, and returns the first line of the reply. */
  async function flood(head: string, endOfPart: string): Promise<string | undefined> {
    const connection = new RawConnection(gateway.publicPort);
    connection.write(head);
    const part = Buffer.concat([Buffer.alloc(megabyte, 'x'), Buffer.from(endOfPart)]);
    for (let sent = 0; sent < 20 && connection.isOpen; sent += 1) {
      if (endOfPart !== '') connection.write(`${megabyte.toString(16)}\r\n`);
      await connection.write(part);
    }
    return (await within(connection.firstReply(), patienceMs, 'There was no reply')).split('\r\n', 1)[0];
  }

  test('a body of 20 MB, announced: 413', async () => {
    const head = headOf({ 'content-length': String(20 * megabyte) });
    expect(await flood(head, '')).toBe('HTTP/1.1 413 Payload Too Large');
    await expectStillServing();
  });

  test('a body of 20 MB without a length, twenty times at once: 413, and it is not held in memory', async () => {
    const before = residentMegabytes(gateway.processId);
    const head = headOf({ 'transfer-encoding': 'chunked' });
    const replies = await Promise.all(Array.from({ length: 20 }, () => flood(head, '\r\n')));
    expect(new Set(replies)).toEqual(new Set(['HTTP/1.1 413 Payload Too Large']));
    expect(residentMegabytes(gateway.processId) - before, 'of the 400 MB that were sent').toBeLessThan(200);
    await expectStillServing();
  });

  test('10,000 form fields with a right signature: a record', async () => {
    const body = sms();
    for (let field = 0; field < 10_000; field += 1) body.append(`Extra${field}`, `value ${field}`);
    const reply = await send(gateway.webhookBase, signedForm(account, body.toString()));
    expect(reply.status).toBe(200);
    expect((await expectOneMessage()).text).toBe('Good morning');
  });
});

/** The head of a request to the account's webhook, as bytes. */
function headOf(headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /webhooks/${account}/messages HTTP/1.1\r\nhost: archway.example.com\r\n${lines.join('')}\r\n`;
}

/** Other requests are served as ever. */
async function expectStillServing(): Promise<void> {
  const traffic = new Traffic(account, { conversations: 2, seed: 9 });
  await traffic.send(gateway, { each: 2 });
  expect(traffic.answered).toHaveLength(4);
}

test(
  'slow headers, a slow body and a connection that says nothing are cut off; others are served meanwhile',
  {
    timeout: 90_000,
  },
  async () => {
    const { headers, body } = signedForm(account, sms().toString());
    const slowBody = new RawConnection(gateway.publicPort);
    await slowBody.write(headOf(headers));
    void slowBody.trickle(body, 1_000);
    const slowHeaders = new RawConnection(gateway.publicPort);
    void slowHeaders.trickle(Buffer.from(headOf(headers)), 1_000);
    const silent = new RawConnection(gateway.publicPort);
    await expectStillServing();

    for (const connection of [slowBody, slowHeaders, silent]) {
      const reply = await within(connection.closed, patienceMs, 'A slow connection was not cut off');
      expect(reply).toMatch(/^(HTTP\/1\.1 408 |$)/);
    }
    await settled(gateway);
    expect(await gateway.list('/v1/messages'), 'no other message than those served meanwhile').toHaveLength(
      4,
    );
  },
);

describe('strange bytes', () => {
  test('invalid UTF-8 with a right signature: a record', async () => {
    const body = Buffer.concat([
      Buffer.from(`${sms({ Body: '' })}`.replace(/&?Body=(?=&|$)/, '')),
      Buffer.from('&Body=caf'),
    ]);
    const invalid = Buffer.concat([body, Buffer.of(0xe9, 0xff, 0xc0)]);
    const reply = await send(gateway.webhookBase, signedForm(account, invalid));
    expect(reply.status).toBe(200);
    expect((await expectOneMessage()).text).toMatch(/^caf\uFFFD/);
  });

  test('NUL bytes in the text: a record with just that text', async () => {
    const text = 'a\u0000b\u0000';
    const reply = await send(gateway.webhookBase, signedForm(account, sms({ Body: text }).toString()));
    expect(reply.status).toBe(200);
    expect((await expectOneMessage()).text).toBe(text);
  });
});

describe('the wrong door', () => {
  const elsewhere = (id: string) => signedForm(id, sms().toString());

  test('another method than POST is refused', async () => {
    const { path, headers } = elsewhere(account);
    const { 'content-length': _, ...bare } = headers;
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const request = { path, headers: bare, body: Buffer.alloc(0) };
      const reply = await send(gateway.webhookBase, request, { method });
      expect([404, 405], method).toContain(reply.status);
    }
  });

  test('an account that there is not, whatever its name: 404', async () => {
    const names = [
      '01a206b7-fb38-74b0-8ad2-6d82398308a5',
      'desk',
      '..%2f..%2fv1%2faccounts',
      '%2e%2e',
      '..%2f..%2f..%2f..%2fetc%2fpasswd',
      '__proto__',
      '%00',
      '%ff',
      '%27;%20drop%20table%20captures;%20--',
    ];
    for (const name of names) {
      expect((await send(gateway.webhookBase, elsewhere(name))).status, name).toBe(404);
    }
    await expectStillServing();
  });

  test('the private API is not on the public listener', async () => {
    const headers = { authorization: `Bearer ${await gateway.adminKey()}` };
    const paths = [
      '/v1/accounts',
      '/metrics',
      '/readyz',
      '/openapi.json',
      '/webhooks/../v1/accounts',
      '//v1/accounts',
    ];
    for (const path of paths) {
      const request = { path, headers, body: Buffer.alloc(0) };
      expect((await send(gateway.webhookBase, request, { method: 'GET' })).status, path).toBe(404);
    }
  });

  test('an unsigned, a forged and a changed request: 403, and nothing is recorded', async () => {
    const signed = elsewhere(account);
    const { 'x-twilio-signature': _, ...unsigned } = signed.headers;
    const changed = Buffer.from(Buffer.from(signed.body).toString().replace('Good', 'Bad+'));
    const requests: SignedRequest[] = [
      { ...signed, headers: unsigned },
      { ...signed, headers: { ...signed.headers, 'x-twilio-signature': 'c2lnbmVkIGJ5IHNvbWVib2R5IGU=' } },
      { ...signed, body: changed },
    ];
    for (const request of requests) expect((await send(gateway.webhookBase, request)).status).toBe(403);
    expect(await gateway.list('/v1/records')).toEqual([]);
  });
});

test('a second gateway on the same data directory is refused; the first goes on', async () => {
  const second = gateway.rival();
  const { code } = await second.exited;
  expect(code).not.toBe(0);
  expect(second.log).toMatch(/another archway is running/i);
  expect(second.log).toMatch(/ARCHWAY_DATA_DIR/);
  await expectStillServing();
  await gateway.stop();
});

test('a port that is taken is named', async () => {
  const rival = await GatewayProcess.create({ databaseUrl: await freshDatabaseUrl() });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(rival.publicPort, '127.0.0.1', resolve));
  rival.launch();
  const { code } = await rival.exited;
  server.close();
  expect(code).not.toBe(0);
  expect(rival.log).toMatch(new RegExp(`${rival.publicPort}.*PORT`));
});
