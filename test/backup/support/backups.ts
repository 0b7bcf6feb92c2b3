import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Envelope } from '../../../src/sdk/index.js';
import { settled } from '../../crash/support/kept.js';
import { type CommandResult, runArchway } from '../../support/command-line.js';
import { GatewayProcess, until } from '../../support/gateway-process.js';
import { addDesk, Traffic } from '../../support/traffic.js';

/** A directory of the test's own, for backups. */
export async function shelf(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'archway-backups-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A gateway with some recorded and delivered messages, and its traffic, which is at rest. */
export async function busyGateway(
  databaseUrl?: string,
  each = 5,
): Promise<{ gateway: GatewayProcess; traffic: Traffic }> {
  const gateway = await GatewayProcess.start({ databaseUrl });
  const traffic = new Traffic(await addDesk(gateway), { conversations: 4, seed: 7 });
  await traffic.send(gateway, { each });
  await settled(gateway);
  return { gateway, traffic };
}

export function environmentOf(gateway: GatewayProcess, databaseUrl?: string): Record<string, string> {
  return {
    ARCHWAY_DATA_DIR: gateway.dataDirectory,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  };
}

export async function backUp(gateway: GatewayProcess, file: string, databaseUrl?: string): Promise<void> {
  expectDone(await runArchway(environmentOf(gateway, databaseUrl), ['backup', file]));
}

/** A place to restore to, with the master key of the other gateway, or with a key of its own. */
export async function emptyPlace(
  original: GatewayProcess | undefined,
  databaseUrl?: string,
): Promise<GatewayProcess> {
  const place = await GatewayProcess.create({ databaseUrl, embedded: 'bare' });
  const key = join(place.dataDirectory, 'master-key');
  if (original !== undefined) await copyFile(join(original.dataDirectory, 'master-key'), key);
  return place;
}

export function restore(place: GatewayProcess, file: string, databaseUrl?: string): Promise<CommandResult> {
  return runArchway(environmentOf(place, databaseUrl), ['restore', file]);
}

export function expectDone({ code, stderr }: CommandResult): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

export interface Logged {
  readonly id: string;
  readonly from: string;
  readonly text: string;
}

/** What the API lists, to be compared with what another gateway lists. */
export async function listing(gateway: GatewayProcess) {
  // Their lag and rates are of the moment.
  const sinks = await gateway.list<{ id: string; name: string; type: string }>('/v1/sinks');
  return {
    records: await gateway.list<Envelope>('/v1/records'),
    messages: await gateway.list<Logged>('/v1/messages'),
    accounts: await gateway.list('/v1/accounts'),
    sinks: sinks.map(({ id, name, type }) => ({ id, name, type })),
  };
}

export function newKey(): string {
  return randomBytes(32).toString('base64');
}

export async function untilAnswered(traffic: Traffic, count: number): Promise<void> {
  await until(async () => traffic.answered.length >= count, 60_000, `Not ${count} messages were answered`);
}

/** A sealed attachment of that length, as it lies in the data directory; what it seals is of no interest to a backup. */
export async function addBlob(gateway: GatewayProcess, byteLength: number): Promise<string> {
  const [instance] = await gateway.list<{ id: string }>('/v1/instances');
  const id = randomBytes(32).toString('hex');
  const path = join('blobs', instance?.id ?? '', id.slice(0, 2), id);
  const file = join(gateway.dataDirectory, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, randomBytes(byteLength), { mode: 0o600 });
  return path;
}
