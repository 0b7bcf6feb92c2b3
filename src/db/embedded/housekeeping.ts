import { queryFrame, readInt32 } from './frames.js';

export interface HousekeepingOptions {
  execute(messages: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Nobody is in a transaction and nobody waits. */
  isFree(): boolean;
}

const looksEveryBatches = 64;
const checkpointAfterBytes = 64 * 1024 * 1024;
const vacuumIntervalMs = 15_000;

/** The thresholds of autovacuum, with its default settings; the table that needs it most comes first. */
const tablesToVacuum = `
  SELECT format('%I.%I', statistics.schemaname, statistics.relname)
  FROM pg_stat_user_tables statistics JOIN pg_class class ON class.oid = statistics.relid
  WHERE n_dead_tup > 50 + 0.2 * greatest(reltuples, 0)
     OR n_ins_since_vacuum > 1000 + 0.2 * greatest(reltuples, 0)
     OR n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0)
  ORDER BY n_dead_tup DESC LIMIT 1`;

/**
 * Does what a server leaves to background processes, which the embedded engine has none of: without it the
 * write-ahead log grows until the database is closed, and updated rows are never freed.
 */
export class Housekeeping {
  #batches = 0;
  #checkpointedAt: number;
  /** Somebody was at work when it was time. */
  #vacuumIsDue = false;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: HousekeepingOptions) {
    this.#checkpointedAt = this.#logPosition();
    this.#timer = setInterval(() => this.vacuum(), vacuumIntervalMs);
  }

  /** To be called after each piece of work; now and then it writes a checkpoint. */
  afterWork(): void {
    if (this.#vacuumIsDue) this.vacuum();
    this.#batches += 1;
    if (this.#batches < looksEveryBatches || !this.options.isFree()) return;
    this.#batches = 0;
    const position = this.#logPosition();
    if (position - this.#checkpointedAt < checkpointAfterBytes) return;
    this.options.execute(queryFrame('CHECKPOINT'));
    this.#checkpointedAt = position;
  }

  /** One table at a time, since everybody waits meanwhile. While somebody is at work it waits for the next free moment. */
  vacuum(): void {
    this.#vacuumIsDue = !this.options.isFree();
    if (this.#vacuumIsDue) return;
    const table = this.#readValue(tablesToVacuum);
    if (table !== undefined) this.options.execute(queryFrame(`VACUUM (ANALYZE) ${table}`));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Bytes of log since the cluster was made. */
  #logPosition(): number {
    return Number(this.#readValue("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"));
  }

  /** The only column of the first row, as text. */
  #readValue(sql: string): string | undefined {
    const output = this.options.execute(queryFrame(sql));
    for (
      let offset = 0;
      offset < output.length;
      offset += 1 + (readInt32(output, offset + 1) ?? output.length)
    ) {
      if (output[offset] !== 0x44) continue;
      const valueLength = readInt32(output, offset + 7) ?? 0;
      return new TextDecoder().decode(output.subarray(offset + 11, offset + 11 + valueLength));
    }
    return undefined;
  }
}
