import { expect, test } from 'vitest';
import { figuresOf, type Measured } from '../../bench/figures.js';

const result = { requests: 9, failures: 0, ratePerSecond: 1_000, p50Ms: 1, p95Ms: 2, p99Ms: 3 };
const measured: Measured = {
  a: { ...result, ratePerSecond: 4_000 },
  b: { ...result, ratePerSecond: 500 },
  b2: result,
  gateway: {
    c: result,
    endToEndPerSecond: 10,
    drainPerSecond: 20,
    delayP95Ms: 30,
    residentMb: 40,
    residentMiddleMb: 38,
    residentEndMb: 39,
    residentOverTimeMb: [38, 39],
  },
  reading: { few: { 'message log': 4 }, many: { 'message log': 6 }, records: 1_000_000, startMs: 50 },
};
const named = ['a', 'b', 'b2', 'c', 'cOverB', 'cOverA', 'drainPerSecond', 'delayP95Ms', 'residentMb'];

test('the figures of the bench are plain numbers under their names', () => {
  const figures = figuresOf(measured);
  expect(Object.keys(figures).slice(0, named.length)).toEqual(named);
  expect(figures).toMatchObject({ a: 4_000, b: 500, b2: 1_000, c: 1_000, cOverB: 2, cOverA: 0.25 });
  expect(figures).toMatchObject({ logP95FewMs: 4, logP95ManyMs: 6, logP95Ratio: 1.5, startMs: 50 });
  for (const value of Object.values(figures)) expect(value).toSatisfy(Number.isFinite);
});

test('the figures of the bench are there without the large journal', () => {
  const figures = figuresOf({ ...measured, reading: undefined });
  expect(Object.keys(figures).slice(0, named.length)).toEqual(named);
  expect(figures).not.toHaveProperty('records');
});

test('the figures of sessions come after them, and without WhatsApp where its library is missing', () => {
  const telegramIdle = { noneMb: 100, oneMb: 110, allMb: 130, perAccountMb: 0.41 };
  const telegram = { accounts: 50, telegramPerSecond: 3_000, telegramIdle };
  const whatsapp = { perSecond: 70, idle: { ...telegramIdle, perAccountMb: 2 } };
  const both = figuresOf({ ...measured, sessions: { ...telegram, whatsapp } });
  expect(Object.keys(both).slice(0, named.length)).toEqual(named);
  expect(both).toMatchObject({ telegramPerSecond: 3_000, telegramIdleMbPerAccount: 0.41 });
  expect(both).toMatchObject({ whatsappPerSecond: 70, whatsappIdleMbPerAccount: 2, idleAccounts: 50 });
  for (const value of Object.values(both)) expect(value).toSatisfy(Number.isFinite);
  const alone = figuresOf({ ...measured, sessions: { ...telegram, whatsapp: undefined } });
  expect(Object.keys(alone).filter((name) => name.startsWith('whatsapp'))).toEqual([]);
});
