import { figuresOf, handlers, type Measured, ratio, resultsOf } from './figures.js';
import type { ReadingFigures } from './reading.js';

/** Prints the figures as tables in Markdown, to be pasted into docs/performance.md. */
export function printTable(all: Readonly<Record<string, Measured>>): void {
  for (const [database, measured] of Object.entries(all)) {
    console.log(`\n## ${database}\n`);
    console.log('| | requests/s | p50 ms | p95 ms | p99 ms |');
    console.log('|---|---|---|---|---|');
    for (const [key, { ratePerSecond, p50Ms, p95Ms, p99Ms }] of Object.entries(resultsOf(measured))) {
      const title = handlers[key as keyof typeof handlers];
      console.log(`| (${key}) ${title} | ${ratePerSecond} | ${p50Ms} | ${p95Ms} | ${p99Ms} |`);
    }
    const { cOverB, cOverA } = figuresOf(measured);
    const { drainPerSecond, endToEndPerSecond, delayP95Ms, ...resident } = measured.gateway;
    console.log(`\nc/b ${cOverB}, c/a ${cOverA}; drained ${drainPerSecond}/s,`);
    console.log(`end to end ${endToEndPerSecond}/s, receipt to evidence p95 ${delayP95Ms} ms.`);
    console.log(`Resident at most ${resident.residentMb} MB; while draining, over time:`);
    console.log(`${resident.residentOverTimeMb.join(' ')} MB: from the middle to the end`);
    console.log(`${signed(resident.residentEndMb - resident.residentMiddleMb)} MB.`);
    if (measured.reading !== undefined) printReading(measured.reading);
  }
}

function printReading({ few, many, records, startMs }: ReadingFigures): void {
  console.log(`\nStart on ${records} records: ${startMs} ms. One client, one page of 100 after the other:\n`);
  console.log(`| p95 ms | 10,000 records | ${records} records | ratio |`);
  console.log('|---|---|---|---|');
  for (const [kind, fewMs] of Object.entries(few)) {
    const manyMs = many[kind] ?? 0;
    console.log(`| ${kind} | ${fewMs} | ${manyMs} | ${ratio(manyMs, fewMs)} |`);
  }
}

function signed(difference: number): string {
  return `${difference < 0 ? '' : '+'}${difference}`;
}
