import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import postgres from 'postgres';
import connector from '../connectors/twilio-sms/index.js';
import { type DatabaseLocation, openDatabase } from '../src/db/client.js';
import { account } from './traffic.js';

/**
 * The baselines, each in a process of its own: `bare` answers and does nothing else (a); `official` checks the signature
 * with Twilio's library and inserts one row (b); `own` is the same with our check (b2). Postgres is reached by the driver as it
 * comes, with its ten connections; the embedded database can only be reached our way. Arguments: variant, port, public URL, and
 * where the database is, as JSON.
 */
const [variant = '', port = '', publicUrl = '', location = ''] = process.argv.slice(2);
const path = '/webhooks/:account/:endpoint';
const twiml = '<?xml version="1.0" encoding="UTF-8"?><Response/>';
const reply = { 'content-type': 'text/xml' };
const app = new Hono();

if (variant === 'bare') {
  app.post(path, (context) => context.body(twiml, 200, reply));
} else {
  const where = JSON.parse(location) as DatabaseLocation;
  const sql = where.kind === 'postgres' ? postgres(where.url) : (await openDatabase(where)).sql;
  await sql`create table if not exists usual_inbox (
    id bigint generated always as identity primary key, url text, headers text, body text)`;
  const verify = variant === 'official' ? await officialCheck() : ownCheck;
  app.post(path, async (context) => {
    const url = publicUrl + context.req.path;
    const headers = context.req.header();
    const body = await context.req.text();
    if (!verify(url, headers, body)) return context.text('forged', 403);
    await sql`insert into usual_inbox (url, headers, body) values (${url}, ${JSON.stringify(headers)}, ${body})`;
    return context.body(twiml, 200, reply);
  });
}

type Check = (url: string, headers: Record<string, string>, body: string) => boolean;

async function officialCheck(): Promise<Check> {
  const { default: twilio } = await import('twilio');
  return (url, headers, body) => {
    const fields = Object.fromEntries(new URLSearchParams(body));
    return twilio.validateRequest(account.authToken, headers['x-twilio-signature'] ?? '', url, fields);
  };
}

function ownCheck(url: string, headers: Record<string, string>, body: string): boolean {
  const { accountSid, authToken, number } = account;
  const capture = {
    account: 'bench',
    endpoint: 'messages',
    method: 'POST',
    url,
    headers,
    body: Buffer.from(body),
    receivedAt: new Date().toISOString(),
    provenance: 'webhook' as const,
  };
  const settings = { accountSid, authToken, numbers: [number] };
  return connector.webhooks.messages?.verify(capture, settings).ok === true;
}

serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' }, () => process.send?.('ready'));
