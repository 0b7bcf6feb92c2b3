import type { LoadResult } from './load.js';
import type { GatewayFigures } from './measure.js';
import type { ReadingFigures } from './reading.js';
import { namedSessionFigures } from './sessions/figures.js';
import type { SessionFigures } from './sessions/measure.js';

/** Everything that was measured on one database. */
export interface Measured {
  readonly a: LoadResult;
  readonly b: LoadResult;
  readonly b2: LoadResult;
  readonly gateway: GatewayFigures;
  /** Undefined when it was left out. */
  readonly reading: ReadingFigures | undefined;
  /** Undefined when they were left out. */
  readonly sessions?: SessionFigures | undefined;
}

export const handlers = {
  a: 'bare handler',
  b: 'usual way',
  b2: 'usual way, our check',
  c: 'Archway',
} as const;

export type Handler = keyof typeof handlers;

export function resultsOf({ a, b, b2, gateway }: Measured): Readonly<Record<Handler, LoadResult>> {
  return { a, b, b2, c: gateway.c };
}

/** The figures by their names, plain numbers, as `--json` writes them for each database. */
export function figuresOf(measured: Measured): Record<string, number> {
  const { a, b, b2, gateway, reading, sessions } = measured;
  const { c, drainPerSecond, delayP95Ms, residentMb } = gateway;
  const rates = { a: a.ratePerSecond, b: b.ratePerSecond, b2: b2.ratePerSecond, c: c.ratePerSecond };
  return {
    ...rates,
    cOverB: ratio(rates.c, rates.b),
    cOverA: ratio(rates.c, rates.a),
    drainPerSecond,
    delayP95Ms,
    residentMb,
    endToEndPerSecond: gateway.endToEndPerSecond,
    residentMiddleMb: gateway.residentMiddleMb,
    residentEndMb: gateway.residentEndMb,
    ...latenciesOf(measured),
    ...(reading && readingFigures(reading)),
    ...(sessions && namedSessionFigures(sessions)),
  };
}

function latenciesOf(measured: Measured): Record<string, number> {
  return Object.fromEntries(
    Object.entries(resultsOf(measured)).flatMap(([name, { p50Ms, p95Ms, p99Ms }]) => [
      [`${name}P50Ms`, p50Ms],
      [`${name}P95Ms`, p95Ms],
      [`${name}P99Ms`, p99Ms],
    ]),
  );
}

function readingFigures({ few, many, records, startMs }: ReadingFigures): Record<string, number> {
  const [smallMs = 0, largeMs = 0] = [few['message log'], many['message log']];
  return {
    records,
    startMs,
    logP95FewMs: smallMs,
    logP95ManyMs: largeMs,
    logP95Ratio: ratio(largeMs, smallMs),
  };
}

export function ratio(value: number, baseline: number): number {
  return baseline === 0 ? 0 : Math.round((value / baseline) * 100) / 100;
}
