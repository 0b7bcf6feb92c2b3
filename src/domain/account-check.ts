import type { AccountCheck } from '../sdk/index.js';
import { type Account, webhookUrls } from './accounts.js';
import { checkAtProvider } from './provider-check.js';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const timeoutMs = 5_000;

/**
 * Whether the provider can reach an account, by the public URL and each webhook that is in use, and what the provider itself
 * says of it. A request without a signature must come back as our own refusal; anything else answers from another place,
 * or lets strangers in.
 */
export async function checkAccount(
  account: Account,
  publicUrl: string,
  fetch: Fetch,
): Promise<AccountCheck[]> {
  const { connector, settings } = account;
  const urls = webhookUrls(account, publicUrl);
  const inUse = connector.webhooksInUse?.(settings) ?? Object.keys(urls);
  const reached = inUse.map((endpoint) => checkWebhook(`webhook-${endpoint}`, urls[endpoint] ?? '', fetch));
  const atUrl = inUse.length === 0 ? [] : [checkScheme(publicUrl), checkHost(publicUrl)];
  return [...atUrl, ...(await Promise.all(reached)), ...(await checkAtProvider(account, publicUrl))];
}

const setPublicUrl =
  'Set ARCHWAY_PUBLIC_URL to the https address under which the provider reaches this gateway.';

function checkScheme(publicUrl: string): AccountCheck {
  const name = 'public-url-https';
  if (new URL(publicUrl).protocol === 'https:') return { name, ok: true, detail: `${publicUrl} is https.` };
  return {
    name,
    ok: false,
    detail: `${publicUrl} is not https: what the provider posts would be readable on its way.`,
    remedy: setPublicUrl,
  };
}

const localHost =
  /^(localhost|.+\.(localhost|local|internal)|\[::1?\]|0\.0\.0\.0|127\..+|10\..+|192\.168\..+|172\.(1[6-9]|2\d|3[01])\..+|169\.254\..+)$/i;

function checkHost(publicUrl: string): AccountCheck {
  const name = 'public-url-host';
  const { hostname } = new URL(publicUrl);
  if (!localHost.test(hostname)) return { name, ok: true, detail: `${hostname} is no local name.` };
  return {
    name,
    ok: false,
    detail: `${hostname} means this machine or this network: no provider can reach it.`,
    remedy: setPublicUrl,
  };
}

async function checkWebhook(name: string, url: string, fetch: Fetch): Promise<AccountCheck> {
  const target = url.replace(/#.*$/, '');
  let response: Response;
  try {
    response = await fetch(target, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    return {
      name,
      ok: false,
      detail: `${target} could not be reached from here: ${describeError(error)}.`,
      remedy:
        'Check the DNS name, the certificate, and the proxy or tunnel in front of the public listener. Some networks cannot reach their own public address; then try from outside.',
    };
  }
  return judge(name, target, response);
}

function judge(name: string, target: string, { status, headers }: Response): AccountCheck {
  const ours = headers.get('content-type')?.startsWith('application/problem+json') === true;
  if (ours && status === 403) {
    return { name, ok: true, detail: `${target} answers, and refuses a request without a signature.` };
  }
  if (ours && status === 404) {
    return {
      name,
      ok: false,
      detail: `${target} leads to a gateway that does not know this account.`,
      remedy: 'Point the public URL at this gateway, and let the proxy pass the path on as it is.',
    };
  }
  return {
    name,
    ok: false,
    detail: `${target} answered ${status}, which is not how this gateway refuses an unsigned request.`,
    remedy:
      'Point the public URL at the public listener (PORT), with POST requests and their paths passed on as they are.',
  };
}

/** The innermost cause: `fetch` itself only says that it failed. */
function describeError(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return innermost instanceof Error ? innermost.message : 'no reason was given';
}
