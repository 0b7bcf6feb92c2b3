import type { Condition } from '../domain/alerts.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Spool } from './spool.js';

/** The log says again how full the spool is when it has passed another tenth of its room. */
const step = 0.1;

/**
 * Follows how full this node's spool is. While it holds something the database is away, so log and metrics tell of it at
 * once; the alert is kept in mind until it can be put on record, even if the spool is empty again by then.
 */
export class SpoolWatch {
  #since: Date | undefined;
  #recorded = false;
  #nextLoggedShare = 0;

  constructor(
    readonly options: {
      readonly spool: Pick<Spool, 'isEmpty' | 'usage'>;
      readonly node: string;
      readonly log: Log;
      readonly metrics: Metrics;
    },
  ) {}

  async look(): Promise<void> {
    const { spool, log, metrics } = this.options;
    const { bytes, roomBytes } = await spool.usage();
    metrics.spoolBytes.set(bytes);
    metrics.spoolRoomBytes.set(roomBytes);
    if (spool.isEmpty) {
      if (this.#recorded) this.#forget();
      return;
    }
    this.#since ??= new Date();
    const share = bytes / (bytes + roomBytes || 1);
    if (share < this.#nextLoggedShare) return;
    this.#nextLoggedShare = (Math.floor(share / step) + 1) * step;
    log.error({ bytes, roomBytes }, 'Captures wait in the spool for the database.');
  }

  /** What is wrong, or was wrong and is not on record yet. */
  get condition(): Condition | undefined {
    if (this.#since === undefined) return undefined;
    const { node } = this.options;
    const detail = `Captures waited in the spool of node ${node}, because the database could not be reached.`;
    return { reason: 'spool-waiting', subject: node, detail, since: this.#since };
  }

  /** Call when the condition is on record. */
  recorded(): void {
    this.#recorded = true;
  }

  #forget(): void {
    this.#since = undefined;
    this.#recorded = false;
    this.#nextLoggedShare = 0;
  }
}
