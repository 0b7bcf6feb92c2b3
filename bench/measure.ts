import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DatabaseLocation, openDatabase } from '../src/db/client.js';
import { type LoadResult, quantileOf, runLoad } from './load.js';
import { type GatewayServer, publicUrl, residentMb, startGateway, startUsual, usedBy } from './servers.js';
import { account, signedRequests } from './traffic.js';

const connections = 64;
/** More than any server here answers in a second. */
const requestsPerSecondMax = 20_000;
const drainMaxMs = 600_000;
/** After so many each server's code is compiled, which otherwise takes a share of the first seconds that are measured. */
const warmUpRequests = 20_000;
const warmUpMaxMs = 10_000;

/** What the run of the gateway itself shows. */
export interface GatewayFigures {
  readonly c: LoadResult;
  /** Messages per second from the first request to the last evidence. */
  readonly endToEndPerSecond: number;
  /** Messages per second that were recorded and archived when no more came in. */
  readonly drainPerSecond: number;
  /** From receipt to evidence. */
  readonly delayP95Ms: number;
  /** The highest that was seen. */
  readonly residentMb: number;
  /** While the backlog is worked off: about the middle of that time, and at its end. */
  readonly residentMiddleMb: number;
  readonly residentEndMb: number;
  /** The same at twenty moments of that time. */
  readonly residentOverTimeMb: readonly number[];
}

export async function measureUsual(
  variant: 'bare' | 'official' | 'own',
  location: DatabaseLocation,
  durationMs: number,
): Promise<LoadResult> {
  if (location.kind === 'embedded') mkdirSync(dirname(location.directory), { recursive: true });
  const server = await startUsual(variant, location);
  try {
    return await load(server.port, '/webhooks/bench/messages', durationMs);
  } finally {
    await server.stop();
  }
}

export async function measureGateway(
  dataDirectory: string,
  location: DatabaseLocation,
  durationMs: number,
): Promise<GatewayFigures> {
  const gateway = await startGateway(dataDirectory, location);
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(residentMb(gateway.process.pid ?? 0)), 200);
  try {
    const path = await addAccount(gateway);
    const begun = performance.now();
    const c = await load(gateway.port, path, durationMs);
    const sent = c.accepted;
    const highestMb = Math.max(...samples.splice(0));
    const drained = await drain(gateway, sent);
    const endToEndPerSecond = Math.round(sent / ((performance.now() - begun) / 1_000));
    clearInterval(sampler);
    await gateway.stop();
    checkArchive(dataDirectory, sent);
    return {
      c,
      endToEndPerSecond,
      drainPerSecond: drained,
      delayP95Ms: await delayP95(usedBy(dataDirectory, location)),
      residentMb: Math.max(highestMb, ...samples),
      residentMiddleMb: typical(samples, 0.4, 0.6),
      residentEndMb: typical(samples, 0.8, 1),
      residentOverTimeMb: Array.from({ length: 20 }, (_, part) =>
        typical(samples, part / 20, (part + 1) / 20),
      ),
    };
  } finally {
    clearInterval(sampler);
    await gateway.stop();
  }
}

/** The median of a stretch of the samples, which is given by its shares of the whole. */
function typical(samples: readonly number[], from: number, to: number): number {
  const first = Math.floor(samples.length * from);
  return quantileOf(samples.slice(first, Math.max(first + 1, Math.floor(samples.length * to))), 0.5);
}

async function addAccount(gateway: GatewayServer): Promise<string> {
  const { accountSid, authToken, number } = account;
  const settings = { accountSid, authToken, numbers: number };
  const { id } = await gateway.call<{ id: string }>('/v1/accounts', {
    connector: 'twilio-sms',
    name: 'bench',
    settings,
  });
  return `/webhooks/${id}/messages`;
}

/** What a server took with the warm-up, which its backlog holds too. */
interface Load extends LoadResult {
  readonly accepted: number;
}

async function load(port: number, path: string, durationMs: number): Promise<Load> {
  const warmUp = signedRequests(publicUrl, path, warmUpRequests);
  const before = await runLoad({ port, connections, durationMs: warmUpMaxMs, next: () => warmUp.pop() });
  const requests = signedRequests(publicUrl, path, (requestsPerSecondMax * durationMs) / 1_000);
  const measured = await runLoad({ port, connections, durationMs, next: () => requests.pop() });
  const accepted = before.requests - before.failures + measured.requests - measured.failures;
  return { ...measured, accepted };
}

interface Status {
  readonly messages: number;
  readonly deliveries: { readonly delivered: number };
}

/** Waits until everything is archived; the rate of what was left when the load ended. */
async function drain(gateway: GatewayServer, sent: number): Promise<number> {
  const begun = performance.now();
  const before = await gateway.call<Status>('/v1/status');
  for (let status = before; ; status = await gateway.call<Status>('/v1/status')) {
    if (status.deliveries.delivered >= sent && status.messages >= sent) {
      const seconds = (performance.now() - begun) / 1_000;
      return Math.round((status.deliveries.delivered - before.deliveries.delivered) / seconds);
    }
    if (performance.now() - begun > drainMaxMs)
      throw new Error(`Only ${status.deliveries.delivered} were archived.`);
    await sleep(500);
  }
}

/** Sent = recorded = archived. */
function checkArchive(dataDirectory: string, sent: number): void {
  const files = readdirSync(join(dataDirectory, 'archive'), { recursive: true, encoding: 'utf8' });
  const archived = files.filter((file) => file.endsWith('.json')).length;
  if (archived < sent) throw new Error(`${sent} were sent and ${archived} are in the archive.`);
}

async function delayP95(location: DatabaseLocation): Promise<number> {
  const database = await openDatabase(location);
  try {
    const [row] = await database.sql<{ p95: number }[]>`
      select percentile_cont(0.95) within group (
        order by extract(epoch from evidence.stored_at - records.received_at) * 1000) as p95
      from evidence join deliveries on deliveries.id = evidence.delivery_id
        join records on records.id = deliveries.record_id`;
    return Math.round(row?.p95 ?? 0);
  } finally {
    await database.close();
  }
}
