import type { Database } from '../../db/client.js';
import { type Check, fail, ok } from './check.js';

interface Settings {
  readonly version: string;
  readonly fsync: string;
}

const name = 'database';

/** Beyond this difference the times in records, leases and retries contradict each other. */
const skewMaxMs = 5_000;

/**
 * Whether a commit means what the promise to the provider needs: on disk, whatever happens next. That a commit waits for
 * its sync we ask for on every connection; that the server syncs at all is its operator's to say.
 */
export async function checkDurability({ sql, kind }: Database): Promise<Check> {
  const [settings] = await sql<Settings[]>`
    select current_setting('server_version') as version, current_setting('fsync') as fsync`;
  const { version, fsync } = settings ?? { version: 'unknown', fsync: 'off' };
  const title = kind === 'embedded' ? 'embedded' : `Postgres ${version}`;
  if (fsync === 'on') return ok(name, `${title}, commits are synced`);
  return fail(
    name,
    `${title} answers before its commits are on disk (fsync is off): a power cut loses messages that were answered`,
    'turn fsync on for this server',
  );
}

/** The embedded database uses the clock of this machine; a server has its own. */
export async function checkClock({ sql, kind }: Database, now: () => number = Date.now): Promise<Check> {
  if (kind === 'embedded') return ok('clock', 'the embedded database uses the clock of this machine');
  const before = now();
  const [row] = await sql<
    { time: string }[]
  >`select (extract(epoch from clock_timestamp()) * 1000)::text as time`;
  const after = now();
  return judgeSkew(Number(row?.time) - (before + after) / 2);
}

/** @param skewMs how far the clock of the database is ahead of ours. */
export function judgeSkew(skewMs: number): Check {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  if (Math.abs(skewMs) <= skewMaxMs) return ok('clock', `within ${seconds} s of the database`);
  return fail(
    'clock',
    `the database is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine`,
    'synchronise both with a time server (chrony, systemd-timesyncd)',
  );
}
