import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Envelope } from '../../../src/sdk/index.js';
import { type GatewayProcess, until } from '../../support/gateway-process.js';
import type { TestMessage } from '../../support/traffic.js';

export interface Status {
  readonly records: number;
  readonly messages: number;
  readonly captures: { readonly pending: number; readonly quarantined: number };
  readonly deliveries: { readonly pending: number; readonly delivered: number; readonly dead: number };
  readonly spool: { readonly waiting: boolean };
}

interface LoggedMessage {
  readonly id: string;
  readonly text: string;
  readonly from: string;
  readonly conversation: string;
}

interface Inspected {
  readonly record: string;
  readonly result: string;
}

/** A lane whose evidence could not be stored is leased for a minute before it is tried again. */
const settleMaxMs = 90_000;

/**
 * Waits until nothing is under way any more: no spool, no capture unread, no delivery to be made. Seen twice in a row, since the
 * parts of a status are not of the same moment.
 */
export async function settled(gateway: GatewayProcess): Promise<Status> {
  let status: Status | undefined;
  let inARow = 0;
  const isSettled = async () => {
    status = await gateway.call<Status>('GET', '/v1/status');
    const { captures, deliveries, spool } = status;
    const isIdle = !spool.waiting && captures.pending === 0 && deliveries.pending === 0;
    inARow = isIdle ? inARow + 1 : 0;
    return inARow === 2;
  };
  await until(isSettled, settleMaxMs, 'Not everything was recorded and delivered').catch((error: Error) => {
    throw new Error(`${error.message} It stands at ${JSON.stringify(status)}.`);
  });
  return status as Status;
}

/**
 * What a crash must not harm, looked at through the public doors: each message stands in the log exactly once and in its
 * conversation's order, the journal has no holes, each record is one file of the archive and has evidence for it.
 *
 * @param messages all that were answered 200, and no other.
 */
export async function expectAllKept(
  gateway: GatewayProcess,
  messages: readonly TestMessage[],
): Promise<void> {
  const { status, records, archived, inspected } = await seenAtOneMoment(gateway);
  expect(await gateway.list('/v1/quarantine'), 'nothing is in quarantine').toEqual([]);
  expect(await gateway.list('/v1/dead-letters'), 'there is no dead letter').toEqual([]);
  expectJournalWhole(records);
  expectMessagesOnce(await gateway.list<LoggedMessage>('/v1/messages'), messages);
  expect(status.deliveries).toEqual({ pending: 0, delivered: records.length, dead: 0 });
  expectArchived(records, archived, inspected);
}

interface Seen {
  readonly status: Status;
  readonly records: readonly Envelope[];
  readonly archived: readonly Envelope[];
  readonly inspected: readonly Inspected[];
}

const looksMax = 10;

/** What a busy gateway says of itself, such as that a sink is behind, is a record too: then it is looked at anew. */
async function seenAtOneMoment(gateway: GatewayProcess): Promise<Seen> {
  for (let look = 0; look < looksMax; look += 1) {
    const status = await settled(gateway);
    const records = await gateway.list<Envelope>('/v1/records');
    const archived = await readArchive(gateway);
    const [sink] = await gateway.list<{ id: string }>('/v1/sinks');
    const inspected = await gateway.list<Inspected>(`/v1/sinks/${sink?.id}/inspect`, 'POST');
    const after = await settled(gateway);
    if (after.records === status.records) return { status, records, archived, inspected };
  }
  throw new Error('The gateway did not come to rest: there was another record at each look.');
}

export function expectJournalWhole(records: readonly Envelope[]): void {
  const sequences = records.map(({ skeleton }) => skeleton.sequence);
  expect(sequences, 'the journal has no hole').toEqual(records.map((_, index) => index + 1));
  const keys = new Set(records.map(({ skeleton }) => skeleton.key));
  expect(keys.size, 'no event is recorded twice').toBe(records.length);
}

function expectMessagesOnce(logged: readonly LoggedMessage[], sent: readonly TestMessage[]): void {
  const name = ({ from, text }: { from: string; text: string }) => `${from}: ${text}`;
  expect(logged.map(name).sort(), 'each message is logged once').toEqual(sent.map(name).sort());
  for (const [from, texts] of groupByNumber(sent)) {
    const inLog = logged.filter((message) => message.from === from);
    expect(
      inLog.map(({ text }) => text),
      `the order of the conversation with ${from}`,
    ).toEqual(texts);
    expect(new Set(inLog.map(({ conversation }) => conversation)).size).toBe(1);
  }
}

function groupByNumber(sent: readonly TestMessage[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const message of [...sent].sort((left, right) => left.place - right.place)) {
    groups.set(message.from, [...(groups.get(message.from) ?? []), message.text]);
  }
  return groups;
}

/** One file per record with what the API tells of it, and evidence for each that still holds. */
function expectArchived(
  records: readonly Envelope[],
  archived: readonly Envelope[],
  inspected: readonly Inspected[],
): void {
  expect(archived, 'the archive holds each record once').toEqual(records);
  const intact = records.map(({ skeleton }) => ({ record: skeleton.id, result: 'intact' }));
  expect(
    inspected.map(({ record, result }) => ({ record, result })),
    'each record has evidence that holds',
  ).toEqual(intact);
}

/** All envelopes of the archive, in the order of the journal. */
async function readArchive(gateway: GatewayProcess): Promise<Envelope[]> {
  const archived: Envelope[] = [];
  // One after the other: a long run leaves more files than a process may open.
  for (const file of await archiveFiles(gateway)) {
    archived.push(JSON.parse(await readFile(file, 'utf8')) as Envelope);
  }
  return archived.sort((left, right) => left.skeleton.sequence - right.skeleton.sequence);
}

/** The envelopes of the archive; what lies in `.incoming` was never named and is nobody's record. */
export async function archiveFiles(gateway: GatewayProcess): Promise<string[]> {
  const directory = join(gateway.dataDirectory, 'archive');
  const names = await readdir(directory, { recursive: true });
  return names
    .filter((name) => name.endsWith('.json') && !name.startsWith('.incoming'))
    .map((name) => join(directory, name));
}
