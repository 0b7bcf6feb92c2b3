import { openSink } from '../domain/sink-opening.js';
import type { ConfiguredSink } from '../domain/sinks.js';
import type { OpenSink } from '../sdk/index.js';

/** A sink that was opened once and serves until the end. */
export class SinkHandle {
  #open: Promise<OpenSink> | undefined;

  constructor(
    readonly configured: ConfiguredSink,
    readonly limitMs?: number,
  ) {}

  /** @throws {Failure} when the sink cannot be opened; the next call tries again. */
  async get(): Promise<OpenSink> {
    this.#open ??= openSink(this.configured, this.limitMs);
    const opening = this.#open;
    try {
      return await opening;
    } catch (error) {
      // Not one that another caller has begun since.
      if (this.#open === opening) this.#open = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    await open?.[Symbol.asyncDispose]();
  }
}
