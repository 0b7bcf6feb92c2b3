import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { type OutboundRow, readOutbound } from '../../../src/db/outbound.js';
import { requestOutbound } from '../../../src/domain/outbound.js';
import { Sender } from '../../../src/pipeline/sender.js';
import type { Accepted, Connector, MessageEvent, OutboundMessage } from '../../../src/sdk/index.js';
import { until } from '../../support/until.js';
import { contactNumber, message, ownNumber } from './connector.js';
import type { World } from './world.js';

export const conversation = 'a conversation';

const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });

/** Adds sending to a connector, in the one conversation of the tests. */
export function sendingConnector(
  connector: Connector,
  send: (message: OutboundMessage, signal: AbortSignal) => Promise<Accepted>,
): Connector {
  const outbound = { textLengthMax: 1_000, mediaMax: 1, idempotent: false, messagesPerSecond: 1_000 };
  return {
    ...connector,
    capabilities: { ...connector.capabilities, outbound },
    route: ({ to }) => ({
      ok: true,
      route: { from: address(ownNumber), to: address(to), conversation, channel: 'sms' },
    }),
    send: (outgoing, { signal }) => send(outgoing, signal),
  };
}

/** What the provider lists of a message that we sent. */
export function listedSend(key: string, text: string, given: Partial<MessageEvent> = {}): MessageEvent {
  const occurredAt = { at: new Date().toISOString(), granularity: 'second' } as const;
  const parties = { from: address(ownNumber), to: [address(contactNumber)] };
  return message(key, { direction: 'outbound', ...parties, text, occurredAt, ...given });
}

/** Asks to send; returns the id of the message. */
export async function ask(world: World, text: string): Promise<string> {
  const { database, tenant, account } = world;
  const request = { to: contactNumber, text, media: [], idempotencyKey: randomUUID(), actor: randomUUID() };
  const { id } = await requestOutbound(database, tenant, account, request);
  return id;
}

export async function outbound(world: World, id: string): Promise<OutboundRow> {
  return (await readOutbound(world.database.orm, world.tenant.id, id)) as OutboundRow;
}

/** A sender and a normaliser at work, until the test ends or they are stopped. */
export async function startSending(world: World): Promise<{ stop(): Promise<void> }> {
  const sender = new Sender({ ...world, log: world.log, publicUrl: 'https://gateway.example.com' });
  const normaliser = world.normaliser();
  normaliser.start();
  await sender.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= sender.stop().then(() => normaliser.stop());
    return stopped;
  };
  onTestFinished(stop);
  return { stop };
}

/** Sends these texts until each has come to an end; returns the messages' ids. */
export async function sendAll(world: World, ...texts: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts) ids.push(await ask(world, text));
  const sending = await startSending(world);
  for (const id of ids) {
    await until(async () => !['requested', 'sending'].includes((await outbound(world, id)).state));
  }
  await sending.stop();
  await world.normalise();
  return ids;
}
