import { describe, expect, it } from 'vitest';
import { receiptStatuses } from '../sdk/index.js';
import { initialStatus, receiptRank } from './receipt-status.js';

const ranked = (...statuses: Parameters<typeof receiptRank>[0][]) => statuses.map(receiptRank);

describe('the rank of a receipt', () => {
  it('is its own for every status, and never nothing', () => {
    const ranks = receiptStatuses.map(receiptRank);
    expect(new Set(ranks).size).toBe(receiptStatuses.length);
    expect(Math.min(...ranks)).toBeGreaterThan(0);
  });

  it.each([
    ['queued', 'sent'],
    ['sent', 'delivered'],
    ['delivered', 'read'],
    ['sent', 'undelivered'],
    ['sent', 'failed'],
    // A carrier that first reported a failure and then delivered after all.
    ['failed', 'delivered'],
    ['received', 'read'],
  ] as const)('of %s is below that of %s', (lower, higher) => {
    const [first, second] = ranked(lower, higher);
    expect(first).toBeLessThan(second!);
  });

  it('starts at received for what came in, and at nothing for what went out', () => {
    expect([initialStatus('inbound'), initialStatus('outbound')]).toEqual(['received', null]);
  });
});
