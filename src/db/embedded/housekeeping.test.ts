import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyEmbeddedTemplate } from '../../../test/support/embedded-template.js';
import { type Cluster, openCluster } from './cluster.js';
import { queryFrame } from './frames.js';
import { Housekeeping } from './housekeeping.js';

let root: string;
let directory: string;
let cluster: Cluster;
let housekeeping: Housekeeping;
let isFree: boolean;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'archway-housekeeping-'));
  directory = join(root, 'database');
  await copyEmbeddedTemplate(directory, 'bare');
  const onFatal = (reason: string) => {
    throw new Error(reason);
  };
  cluster = await openCluster({ directory, onSync: () => undefined, onFatal });
  isFree = true;
  housekeeping = new Housekeeping({ execute: cluster.execute, isFree: () => isFree });
});
afterEach(async () => {
  housekeeping.stop();
  await cluster.close();
  rmSync(root, { recursive: true, force: true });
});

const run = (sql: string) => Buffer.from(cluster.execute(queryFrame(sql))).toString('latin1');
const logSegments = () => readdirSync(join(directory, 'pg_wal')).filter((name) => name.length === 24).length;

it('keeps the write-ahead log short by checkpoints, which the engine writes only on closing', () => {
  run('CREATE TABLE filler AS SELECT 1 AS id');
  let segmentsMax = 0;
  for (let round = 0; round < 256; round += 1) {
    run('INSERT INTO filler SELECT g FROM generate_series(1, 16000) g');
    housekeeping.afterWork();
    segmentsMax = Math.max(segmentsMax, logSegments());
  }
  // About 260 MB of log were written, in files of 16 MB.
  expect(
    Number(/(\d+)\0?C/.exec(run("SELECT (pg_current_wal_lsn() - '0/0') / 1048576 || ''"))?.[1]),
  ).toBeGreaterThan(200);
  expect(segmentsMax).toBeLessThan(12);
});

it('frees the space of updated rows, unless somebody is at work', () => {
  run('CREATE TABLE queue AS SELECT g AS id, 0 AS tries FROM generate_series(1, 1000) g');
  for (let round = 0; round < 5; round += 1) run('UPDATE queue SET tries = tries + 1');
  run('SELECT pg_stat_force_next_flush()');
  const deadRows = () =>
    /D.*?(\d+)C/s.exec(run("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'queue'"))?.[1];
  expect(Number(deadRows())).toBeGreaterThan(1000);
  isFree = false;
  housekeeping.vacuum();
  expect(Number(deadRows())).toBeGreaterThan(1000);
  housekeeping.afterWork();
  expect(Number(deadRows())).toBeGreaterThan(1000);
  isFree = true;
  // It was due, and takes the first moment in which nobody is at work.
  housekeeping.afterWork();
  run('SELECT pg_stat_force_next_flush()');
  expect(deadRows()).toBe('0');
});
