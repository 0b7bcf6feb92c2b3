import { Failure, type OpenSink, type Sink } from '../sdk/index.js';

/** Shorter than a delivery may take, so that the dispatcher hears of it. */
const openTimeoutMs = 30_000;

/**
 * Opens a sink within a time: one that hangs must not hold up its deliveries, or a request, for ever. What opens too late
 * after all is closed again.
 *
 * @throws {Failure} as the sink throws it, and `unavailable` when the time is over.
 */
export async function openSink(
  { type, settings }: { readonly type: Sink; readonly settings: Record<string, unknown> },
  limitMs = openTimeoutMs,
): Promise<OpenSink> {
  const opening = type.open(settings, { now: () => new Date() });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Failure('unavailable', `The sink did not open within ${Math.ceil(limitMs / 1_000)} s.`));
      opening.then((open) => open[Symbol.asyncDispose]()).catch(() => undefined);
    }, limitMs);
  });
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Opens a sink and closes it again, to see whether it can be used. @throws {Failure} */
export async function tryToOpen(sink: {
  readonly type: Sink;
  readonly settings: Record<string, unknown>;
}): Promise<void> {
  const trial = await openSink(sink);
  await trial[Symbol.asyncDispose]();
}
