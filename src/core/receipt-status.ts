import { type ReceiptStatus, receiptStatuses } from '../sdk/index.js';

/**
 * The status of a message is derived by rank, never by arrival: providers send receipts late, twice and out of order.
 * The rank is the place in `receiptStatuses`; 0 is left for "nothing known".
 */
export function receiptRank(status: ReceiptStatus): number {
  return receiptStatuses.indexOf(status) + 1;
}

/** The status of a message that has no receipt. An outbound one is unknown until its provider says something. */
export function initialStatus(direction: 'inbound' | 'outbound'): ReceiptStatus | null {
  return direction === 'inbound' ? 'received' : null;
}
