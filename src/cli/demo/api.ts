import { setTimeout as sleep } from 'node:timers/promises';

export type CallApi = (path: string, body?: unknown) => Promise<Record<string, unknown>>;

/** The private API, by its key. */
export function openApi(url: string, key: string): CallApi {
  return async (path, body) => {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The gateway answered ${response.status} to ${path}.`);
    return (await response.json()) as Record<string, unknown>;
  };
}

const waitMaxMs = 60_000;
/** So long nothing new may come before the day is over: what was fetched becomes records, too. */
const quietMs = 2_000;

/** Waits until everything is recorded and in the archive. @returns how many records there are. */
export async function settled(api: CallApi): Promise<number> {
  const deadline = Date.now() + waitMaxMs;
  let last = 0;
  let since = Date.now();
  for (;;) {
    const { deliveries } = (await api('/status')) as { deliveries: { delivered: number; pending: number } };
    if (deliveries.delivered !== last || deliveries.pending > 0) since = Date.now();
    last = deliveries.delivered;
    if (Date.now() - since > quietMs || Date.now() > deadline) return last;
    await sleep(100);
  }
}
