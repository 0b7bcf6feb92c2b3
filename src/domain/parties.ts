import type { Address, Content, OwnEvent } from '../sdk/index.js';

export type Communication = OwnEvent | Content;

/** Every address in an event, by its part in it. */
export function addressesOf(content: Communication): { address: Address; role: 'from' | 'to' }[] {
  const from = 'from' in content && content.from !== undefined ? [content.from] : [];
  const to = 'to' in content && content.to !== undefined ? content.to : [];
  if (content.kind === 'alias')
    return [content.address, content.alias].map((address) => ({ address, role: 'to' }));
  return [
    ...from.map((address) => ({ address, role: 'from' as const })),
    ...to.map((address) => ({ address, role: 'to' as const })),
  ];
}

/**
 * When an event happened: what the provider claims, but never later than its bytes came. It decides whose an address was;
 * `eventTimeOf` of the database says the same in SQL.
 *
 * @param claimed ISO 8601, as @param received is.
 */
export function eventTime(claimed: string | undefined, received: string): Date {
  const times = [claimed ?? received, received].map((time) => new Date(time).getTime());
  return new Date(Math.min(...times));
}
