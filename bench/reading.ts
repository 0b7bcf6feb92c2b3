import type { DatabaseLocation } from '../src/db/client.js';
import { quantileOf } from './load.js';
import { seedJournal } from './seed.js';
import { type GatewayServer, startGateway, usedBy } from './servers.js';

const fewRecords = 10_000;
/** At the rate of ten thousand messages a day. */
const stepMs = 8_640;
const messagesPerConversation = 50;
const warmUps = 5;
const rounds = 40;

/** What is asked of a journal, as clients ask it. The first kinds are the message log. */
const logKinds = [
  'newest',
  'next',
  'conversation',
  'account',
  'custodian',
  'quiet custodian',
  'hour',
  'since',
];
const otherKinds = ['conversations', 'next conversations', "custodian's conversations"];

/** The 95th percentile of each kind of question, in milliseconds, and of all that are about the message log. */
export type Latencies = Readonly<Record<string, number>>;

export interface ReadingFigures {
  readonly few: Latencies;
  readonly many: Latencies;
  readonly records: number;
  /** From the start of the process until it is ready, with all the records. */
  readonly startMs: number;
}

/** Asks a journal of ten thousand records, then one of `records`, the same questions, and starts upon the large one. */
export async function measureReading(
  dataDirectory: string,
  location: DatabaseLocation,
  records: number,
): Promise<ReadingFigures> {
  const seeded = usedBy(dataDirectory, location);
  await prepare(await startGateway(dataDirectory, location));
  const endsAt = new Date(Date.now() - (records - fewRecords) * stepMs);
  const conversations = fewRecords / messagesPerConversation;
  await seedJournal(dataDirectory, seeded, { records: fewRecords, endsAt, stepMs, conversations });
  const few = await ask(await startGateway(dataDirectory, location), endsAt, fewRecords);
  const plan = { records, endsAt: new Date(), stepMs, conversations: records / messagesPerConversation };
  await seedJournal(dataDirectory, seeded, plan);
  const gateway = await startGateway(dataDirectory, location);
  const many = await ask(gateway, plan.endsAt, records);
  return { few, many, records, startMs: gateway.startMs };
}

/** Accounts of one number each, and a custodian behind each number. */
async function prepare(gateway: GatewayServer): Promise<void> {
  for (let index = 0; index < 5; index += 1) {
    const number = `+1202555010${index}`;
    const settings = { accountSid: `AC${'b'.repeat(32)}`, authToken: 'a-made-up-token', numbers: number };
    await gateway.call('/v1/accounts', { connector: 'twilio-sms', name: `desk-${index}`, settings });
    await gateway.call('/v1/custodians', { name: `Custodian ${index}`, addresses: [number] });
  }
  await gateway.stop();
}

interface Page {
  readonly next: string | null;
  readonly data: readonly { readonly conversation: string }[];
}

async function ask(gateway: GatewayServer, endsAt: Date, records: number): Promise<Latencies> {
  try {
    const latencies = new Map<string, number[]>();
    for (let round = -warmUps; round < rounds; round += 1) {
      for (const [kind, path] of await questions(gateway, endsAt, records)) {
        const begun = performance.now();
        await gateway.call(path);
        if (round < 0) continue;
        latencies.set(kind, [...(latencies.get(kind) ?? []), performance.now() - begun]);
      }
    }
    const log = logKinds.flatMap((kind) => latencies.get(kind) ?? []);
    const p95 = [...latencies].map(([kind, values]) => [kind, quantileOf(values, 0.95)] as const);
    return Object.fromEntries([['message log', quantileOf(log, 0.95)], ...p95]);
  } finally {
    await gateway.stop();
  }
}

/** One question of each kind, about something else each time. */
async function questions(
  gateway: GatewayServer,
  endsAt: Date,
  records: number,
): Promise<[kind: string, path: string][]> {
  const lengthMs = records * stepMs;
  const at = (share: number) => new Date(endsAt.getTime() - lengthMs * share);
  const begun = at(Math.random());
  const ended = new Date(begun.getTime() + 3_600_000);
  const page = await gateway.call<Page>(`/v1/messages?limit=100&since=${begun.toISOString()}`);
  const newest = await gateway.call<Page>('/v1/messages?order=newest');
  const desk = Math.floor(Math.random() * 4);
  const list = await gateway.call<Page>('/v1/conversations');
  const paths = [
    '/v1/messages?order=newest',
    `/v1/messages?order=newest&cursor=${newest.next}`,
    `/v1/messages?conversation=${page.data[0]?.conversation}`,
    `/v1/messages?order=newest&account=desk-${desk}`,
    `/v1/messages?order=newest&custodian=Custodian%20${desk}`,
    '/v1/messages?order=newest&custodian=Custodian%204',
    `/v1/messages?since=${begun.toISOString()}&until=${ended.toISOString()}`,
    `/v1/messages?since=${begun.toISOString()}`,
    '/v1/conversations',
    `/v1/conversations?cursor=${list.next}`,
    `/v1/conversations?custodian=Custodian%20${desk}`,
  ];
  return [...logKinds, ...otherKinds].map((kind, index) => [kind, paths[index] as string]);
}
