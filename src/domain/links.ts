import type { Queries } from '../db/client.js';
import { notifyOrder, writeState } from '../db/sessions.js';
import { type LinkOffer, type LinkOrder, linkMethods, z } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import { recallState, sealState } from './sessions.js';

/**
 * What passes between an operator and the session of an account, which may run at another node: an order on its way there,
 * and what it shows. Both are kept, sealed, beside the session's own state, under names that a connector cannot use.
 */
const orderName = ':order';
const offerName = ':offer';

/** No connector can use such a name. */
export function isReserved(name: string): boolean {
  return name.startsWith(':');
}

const orderSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('link'), method: z.enum(linkMethods), phoneNumber: z.string().optional() }),
  z.object({ kind: z.literal('unlink') }),
]);

const offerSchema = z.object({ method: z.enum(linkMethods), value: z.string(), expiresAt: z.string() });

/** Replaces an order that was not taken yet, and what was shown for an older one. */
export async function giveOrder(
  tx: Queries,
  vault: InstanceVault,
  accountId: string,
  order: LinkOrder,
): Promise<void> {
  await writeState(
    tx,
    sealState(vault, accountId, { [orderName]: JSON.stringify(order), [offerName]: null }),
  );
  await notifyOrder(tx, accountId);
}

export async function readOrder(
  queries: Queries,
  vault: InstanceVault,
  accountId: string,
): Promise<LinkOrder | undefined> {
  const order = (await recallState(queries, vault, accountId, [orderName])).get(orderName);
  if (order === undefined) return undefined;
  const { data } = orderSchema.safeParse(JSON.parse(order));
  return data as LinkOrder | undefined;
}

export async function dropOrder(tx: Queries, vault: InstanceVault, accountId: string): Promise<void> {
  await writeState(tx, sealState(vault, accountId, { [orderName]: null }));
}

export async function keepOffer(
  tx: Queries,
  vault: InstanceVault,
  accountId: string,
  offer: LinkOffer | undefined,
): Promise<void> {
  const kept = offer === undefined ? null : JSON.stringify(offer);
  await writeState(tx, sealState(vault, accountId, { [offerName]: kept }));
}

/** What the session shows now; undefined when it shows nothing, or what it showed has expired. */
export async function readOffer(
  queries: Queries,
  vault: InstanceVault,
  accountId: string,
  now: Date,
): Promise<LinkOffer | undefined> {
  const offer = (await recallState(queries, vault, accountId, [offerName])).get(offerName);
  if (offer === undefined) return undefined;
  const { data } = offerSchema.safeParse(JSON.parse(offer));
  return data !== undefined && Date.parse(data.expiresAt) > now.getTime() ? data : undefined;
}
