import { type Account, webhookUrls } from './accounts.js';

/** One thing that was looked at, for the person who set the account up. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; only where something is wrong. */
  readonly remedy?: string;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const timeoutMs = 5_000;

/**
 * Whether the provider can reach an account: the public URL, and each webhook through it. A request without a signature
 * must come back as our own refusal; anything else answers from another place, or lets strangers in.
 */
export async function checkAccount(account: Account, publicUrl: string, fetch: Fetch): Promise<Check[]> {
  const webhooks = Object.entries(webhookUrls(account, publicUrl));
  const reached = webhooks.map(([endpoint, url]) => checkWebhook(`webhook-${endpoint}`, url, fetch));
  return [checkScheme(publicUrl), checkHost(publicUrl), ...(await Promise.all(reached))];
}

const setPublicUrl =
  'Set ARCHWAY_PUBLIC_URL to the https address under which the provider reaches this gateway.';

function checkScheme(publicUrl: string): Check {
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

function checkHost(publicUrl: string): Check {
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

async function checkWebhook(name: string, url: string, fetch: Fetch): Promise<Check> {
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

function judge(name: string, target: string, { status, headers }: Response): Check {
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
