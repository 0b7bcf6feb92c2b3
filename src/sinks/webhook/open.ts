import {
  addressesOf,
  guardedLookup,
  type OpenSink,
  type Resolve,
  resolveBySystem,
  type SinkContext,
} from 'archway/sdk';
import { Courier } from './courier.js';
import { assertReachable, type Reach } from './guard.js';
import { networkFailure } from './network-failure.js';
import { Receiver } from './receiver.js';
import type { WebhookSettings } from './settings.js';

/** What a test hands in. */
export interface Surroundings {
  readonly resolve?: Resolve;
  readonly trusted?: string;
}

/** Opens the sink. Sends nothing: whether the receiver listens is found out by the first delivery. */
export async function openWebhook(
  settings: WebhookSettings,
  context: SinkContext,
  { resolve = resolveBySystem, trusted }: Surroundings = {},
): Promise<OpenSink> {
  const url = new URL(settings.url);
  const reach = { allowPrivate: settings.allowPrivate, encrypted: url.protocol === 'https:' };
  await assertTarget(url, resolve, reach);
  const { timeoutMs, batch, secret, previousSecret } = settings;
  const lookup = guardedLookup(resolve, (addresses) => assertReachable(addresses, reach));
  const receiver = new Receiver({ url, timeoutMs, lookup, trusted });
  const secrets = [secret, previousSecret].filter((one) => one !== undefined);
  return serve(receiver, new Courier({ receiver, context, secrets, batchMax: batch }));
}

/** For a host that is an address this is the only check: no connection looks it up. Names are checked again by each. */
async function assertTarget(url: URL, resolve: Resolve, reach: Reach): Promise<void> {
  const literal = addressesOf(url);
  try {
    assertReachable(literal.length > 0 ? literal : await resolve(url.hostname), reach);
  } catch (error) {
    throw networkFailure(error, { connected: false }, url.origin);
  }
}

function serve(receiver: Receiver, courier: Courier): OpenSink {
  let disposed = false;
  const running = new Set<Promise<unknown>>();
  return {
    deliver(deliveries, signal) {
      const delivering = courier.deliver(deliveries, { signal, isStopped: () => disposed || signal.aborted });
      running.add(delivering);
      return delivering.finally(() => running.delete(delivering));
    },
    /** The requests under way are answered or time out; then nothing more is sent. */
    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.allSettled(running);
      receiver.close();
    },
  };
}
