import type { Figures } from './measure.js';

/** Prints the figures as tables in Markdown, to be pasted into docs/performance.md. */
export function printTable(all: Readonly<Record<string, Figures>>): void {
  for (const [database, figures] of Object.entries(all)) {
    console.log(`\n${database}\n`);
    console.log('| | requests/s | p50 ms | p95 ms | p99 ms |');
    console.log('|---|---|---|---|---|');
    const rows = { a: 'bare handler', b: 'usual way', b2: 'usual way, our check', c: 'Archway' } as const;
    for (const [key, title] of Object.entries(rows) as [keyof typeof rows, string][]) {
      const { ratePerSecond, p50Ms, p95Ms, p99Ms } = figures[key];
      console.log(`| (${key}) ${title} | ${ratePerSecond} | ${p50Ms} | ${p95Ms} | ${p99Ms} |`);
    }
    console.log(`\nc/b ${figures.cOverB}, c/a ${figures.cOverA}; drained ${figures.drainPerSecond}/s, `);
    console.log(
      `end to end ${figures.endToEndPerSecond}/s, receipt to evidence p95 ${figures.delayP95Ms} ms, `,
    );
    console.log(`resident at most ${figures.residentMb} MB, start ${figures.startMs} ms`);
  }
}
