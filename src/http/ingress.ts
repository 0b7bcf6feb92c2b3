import { type Context, Hono } from 'hono';
import { aborted } from '../core/abort.js';
import type { Blobs } from '../domain/blobs.js';
import type { AccountDirectory, DirectoryEntry } from '../pipeline/account-directory.js';
import type { Ingest } from '../pipeline/ingest.js';
import type { Capture, Reply, Verdict, WebhookEndpoint } from '../sdk/index.js';
import { type Log, pluginFault } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { limitBody } from './limit-body.js';
import { problem } from './problem.js';
import { serveMedia } from './public-media.js';
import { readHeaders } from './read-headers.js';

export interface IngressOptions {
  readonly directory: AccountDirectory;
  readonly ingest: Ingest;
  readonly blobs: Blobs;
  /** Under which providers reach us; signatures are checked against it, never against a request header. */
  readonly publicUrl: string;
  readonly bodyMaxBytes: number;
  /** Told of each request that was turned away for a reason of ours. */
  readonly onRefused?: (error: unknown) => void;
  readonly log: Log;
  readonly metrics: Metrics;
}

const retryAfterSeconds = 10;
/** Providers wait for an answer, 10 seconds or more; some retry before they give up. */
const beforeReplyMs = 5_000;
const emptyReply: Reply = { status: 200, headers: {}, body: '' };

/** The public listener's routes: webhooks, media that a provider was told to fetch, and a health check; nothing else. */
export function createIngress(options: IngressOptions): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok'));
  const tooLarge = () => {
    options.metrics.requests.inc({ outcome: 'too_large' });
    return problem(413, `The body is larger than ${options.bodyMaxBytes} bytes.`);
  };
  app.post(
    '/webhooks/:account/:endpoint',
    limitBody(options.bodyMaxBytes, tooLarge, (context) => receive(options, context)),
  );
  app.get('/media/:token', (context) => serveMedia(options, context.req.param('token'), context.req.raw));
  app.notFound(() => problem(404, 'There is nothing here. Webhooks are at /webhooks/{account}/{endpoint}.'));
  app.onError((error) => {
    options.log.error({ error }, 'A request to the public listener failed.');
    return unavailable(options, error);
  });
  return app;
}

async function receive(options: IngressOptions, context: Context): Promise<Response> {
  const { account: accountId = '', endpoint: endpointName = '' } = context.req.param();
  const { directory } = options;
  const entry = directory.get(accountId) ?? (await directory.find(accountId));
  const endpoint = entry === undefined ? undefined : endpointOf(entry, endpointName);
  if (entry === undefined || endpoint === undefined) {
    options.metrics.requests.inc({ outcome: 'unknown' });
    return problem(404, 'No such webhook. `archway account show` prints the URLs of an account.');
  }
  const capture = await readCapture(options, entry.account.id, endpointName, context);
  const verdict = verify(options, entry, endpoint, capture);
  if (verdict === undefined) return unavailable(options);
  if (verdict.ok !== true) return refuse(options, entry, verdict.reason);
  try {
    // MUST come before the reply: the provider may forget the message as soon as it has one.
    await options.ingest.accept(entry.tenant.vault, capture);
  } catch (error) {
    options.log.error(
      { error, account: accountId },
      'A capture could not be made durable; the provider was told to retry.',
    );
    return unavailable(options, error);
  }
  options.metrics.requests.inc({ outcome: 'accepted', connector: entry.account.connector.id });
  if (endpoint.beforeReply !== undefined) await beforeReply(options, entry, endpoint, capture);
  return reply(options, entry, endpoint, capture);
}

/** The capture is committed, so whatever comes of it the provider gets its answer, and in time. */
async function beforeReply(
  { log }: IngressOptions,
  { account }: DirectoryEntry,
  endpoint: WebhookEndpoint<Record<string, unknown>>,
  capture: Capture,
): Promise<void> {
  const context = {
    settings: account.settings,
    signal: AbortSignal.timeout(beforeReplyMs),
    now: () => new Date(),
  };
  try {
    const asked = endpoint.beforeReply?.(capture, context);
    await Promise.race([asked, aborted(context.signal).then(() => context.signal.throwIfAborted())]);
  } catch (error) {
    const fault = pluginFault(error);
    log.error(
      { account: account.id, fault },
      'What the provider was to be asked for before its answer failed.',
    );
  }
}

/** The capture is committed: a plugin that fails now must not make the provider send it again. */
function reply(
  { log }: IngressOptions,
  { account }: DirectoryEntry,
  endpoint: WebhookEndpoint<Record<string, unknown>>,
  capture: Capture,
): Response {
  try {
    const { status, headers, body } = endpoint.reply?.(capture, account.settings) ?? emptyReply;
    if (status >= 200 && status < 300) return new Response(body === '' ? null : body, { status, headers });
    log.error({ account: account.id, status }, 'A connector asked for a reply that is no success.');
  } catch (error) {
    log.error({ account: account.id, fault: pluginFault(error) }, 'A connector could not make its reply.');
  }
  return new Response(null, { status: emptyReply.status });
}

/** Undefined when the verifier throws: then nothing is accepted. */
function verify(
  { log }: IngressOptions,
  { account }: DirectoryEntry,
  endpoint: WebhookEndpoint<Record<string, unknown>>,
  capture: Capture,
): Verdict | undefined {
  try {
    return endpoint.verify(capture, account.settings);
  } catch (error) {
    log.error({ account: account.id, fault: pluginFault(error) }, 'A verifier threw; that is a fault in it.');
    return undefined;
  }
}

function endpointOf(
  entry: DirectoryEntry,
  name: string,
): WebhookEndpoint<Record<string, unknown>> | undefined {
  const { webhooks } = entry.account.connector;
  return Object.hasOwn(webhooks, name) ? webhooks[name] : undefined;
}

async function readCapture(
  { publicUrl }: IngressOptions,
  account: string,
  endpoint: string,
  context: Context,
): Promise<Capture> {
  const request = context.req.raw;
  const pathAndQuery = request.url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  return {
    account,
    endpoint,
    method: request.method,
    url: `${publicUrl}${pathAndQuery}`,
    headers: readHeaders(context),
    body: new Uint8Array(await request.arrayBuffer()),
    receivedAt: new Date().toISOString(),
    provenance: 'webhook',
  };
}

function refuse({ metrics, log }: IngressOptions, { account }: DirectoryEntry, reason: string): Response {
  metrics.requests.inc({ outcome: 'refused', connector: account.connector.id, reason });
  log.warn({ account: account.id, reason }, 'Refused a webhook request.');
  return problem(403, 'The signature of this request is missing or wrong for this account.');
}

function unavailable({ metrics, onRefused }: IngressOptions, error?: unknown): Response {
  onRefused?.(error);
  metrics.requests.inc({ outcome: 'unavailable' });
  const response = problem(
    503,
    'Something failed on our side. The message was not taken; please send it again.',
  );
  response.headers.set('Retry-After', String(retryAfterSeconds));
  return response;
}
