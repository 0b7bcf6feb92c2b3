import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseLocation } from '../../src/db/client.js';
import { quantileOf } from '../load.js';
import { type GatewayServer, residentMb, startGateway } from '../servers.js';
import { BotApi } from './bot-api.js';
import { addBot, telegramRate } from './telegram.js';
import { until } from './until.js';
import { linkPhone, startWhatsApp, whatsappRate } from './whatsapp.js';

const settleMs = 5_000;
const looks = 20;
const environment = { ARCHWAY_ALLOW_TEST_ENDPOINTS: '1' };

/** Resident memory in MB of a gateway in which nothing happens. */
export interface IdleFigures {
  readonly noneMb: number;
  readonly oneMb: number;
  readonly allMb: number;
  /** From one account to all of them: what is loaded for the first one only is not in it. */
  readonly perAccountMb: number;
}

/** What accounts show that keep a session, each on a gateway of its own. */
export interface SessionFigures {
  readonly accounts: number;
  readonly telegramPerSecond: number;
  readonly telegramIdle: IdleFigures;
  /** Undefined where WhatsApp's library is not installed. */
  readonly whatsapp: { readonly perSecond: number; readonly idle: IdleFigures } | undefined;
}

/** Where a gateway of that name keeps its data, and its database. */
export type Place = (name: string) => Promise<{ dataDirectory: string; location: DatabaseLocation }>;

export async function measureSessions(place: Place, accounts: number): Promise<SessionFigures> {
  const telegram = await measureTelegram(place, accounts);
  return { accounts, ...telegram, whatsapp: await measureWhatsApp(place, accounts) };
}

async function measureTelegram(place: Place, accounts: number) {
  // The idle bots have an API of their own, which knows of no others.
  const [api, idleApi] = await Promise.all([BotApi.start(), BotApi.start()]);
  try {
    const telegramPerSecond = await withGateway(place, 'telegram', ({ gateway }) =>
      telegramRate(gateway, api),
    );
    console.log(`  Telegram, committed: ${telegramPerSecond}/s`);
    const telegramIdle = await withGateway(place, 'telegram_idle', ({ gateway }) =>
      idleMemory(gateway, accounts, async (first, end) => {
        for (let index = first; index < end; index += 1) await addBot(gateway, idleApi, index);
        await until('all bots to ask', () => idleApi.asking === end);
      }),
    );
    printIdle('Telegram', accounts, telegramIdle);
    return { telegramPerSecond, telegramIdle };
  } finally {
    api.close();
    idleApi.close();
  }
}

async function measureWhatsApp(place: Place, accounts: number): Promise<SessionFigures['whatsapp']> {
  const [server, idleServer] = [await startWhatsApp(), await startWhatsApp()];
  if (server === undefined || idleServer === undefined) return undefined;
  try {
    const perSecond = await withGateway(place, 'whatsapp', ({ gateway, restart }) =>
      whatsappRate(gateway, server, restart),
    );
    console.log(`  WhatsApp, committed and acknowledged: ${perSecond}/s`);
    const idle = await withGateway(place, 'whatsapp_idle', ({ gateway }) =>
      idleMemory(gateway, accounts, async (first, end) => {
        for (let index = first; index < end; index += 1) await linkPhone(gateway, idleServer, index);
      }),
    );
    printIdle('WhatsApp', accounts, idle);
    return { perSecond, idle };
  } finally {
    await server[Symbol.asyncDispose]();
    await idleServer[Symbol.asyncDispose]();
  }
}

/** @param add adds the accounts from the first number to before the second, and waits until they are idle */
async function idleMemory(
  gateway: GatewayServer,
  accounts: number,
  add: (first: number, end: number) => Promise<void>,
): Promise<IdleFigures> {
  const noneMb = await settledMb(gateway);
  await add(0, 1);
  const oneMb = await settledMb(gateway);
  await add(1, accounts);
  const allMb = await settledMb(gateway);
  return { noneMb, oneMb, allMb, perAccountMb: Math.round(((allMb - oneMb) / (accounts - 1)) * 100) / 100 };
}

/** The median of two seconds, when what was done before has settled. */
async function settledMb(gateway: GatewayServer): Promise<number> {
  await sleep(settleMs);
  const seen: number[] = [];
  while (seen.length < looks) {
    seen.push(residentMb(gateway.process.pid ?? 0));
    await sleep(100);
  }
  return quantileOf(seen, 0.5);
}

interface Running {
  readonly gateway: GatewayServer;
  /** Stops it, does what it is given, and starts it again. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
}

async function withGateway<Result>(
  place: Place,
  name: string,
  measure: (running: Running) => Promise<Result>,
): Promise<Result> {
  const { dataDirectory, location } = await place(name);
  const start = () => startGateway(dataDirectory, location, environment);
  const gateway = await start();
  let current = gateway;
  const restart = async (meanwhile: () => Promise<void>) => {
    await current.stop();
    await meanwhile();
    current = await start();
  };
  try {
    return await measure({ gateway, restart });
  } finally {
    await current.stop();
  }
}

function printIdle(title: string, accounts: number, { noneMb, oneMb, allMb, perAccountMb }: IdleFigures) {
  const growth = `${noneMb} MB with none, ${oneMb} MB with one, ${allMb} MB with ${accounts}`;
  console.log(`  ${title}, idle accounts: ${growth}: ${perAccountMb} MB for each further one`);
}
