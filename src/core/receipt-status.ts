import { type Provenance, type ReceiptStatus, receiptStatuses } from '../sdk/index.js';

/**
 * The status of a message is derived by rank, never by arrival: providers send receipts late, twice and out of order.
 * The rank is the place in `receiptStatuses`; 0 is left for "nothing known".
 */
export function receiptRank(status: ReceiptStatus): number {
  return receiptStatuses.indexOf(status) + 1;
}

/**
 * The status of a message that has no receipt. One that the gateway itself was asked to send is `requested`; any other
 * outbound one is unknown until its provider says something.
 */
export function initialStatus(
  direction: 'inbound' | 'outbound',
  provenance?: Provenance,
): ReceiptStatus | null {
  if (direction === 'inbound') return 'received';
  return provenance === 'internal' ? 'requested' : null;
}
