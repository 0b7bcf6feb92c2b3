/**
 * The compiled worker. Node cannot run TypeScript in a worker thread, so the sources (which only the test
 * suite runs) use the file that the build has put into dist.
 */
export function databaseWorkerFile(): URL {
  const runsFromSource = import.meta.url.endsWith('.ts');
  return new URL(runsFromSource ? '../../../dist/src/db/embedded/worker.js' : './worker.js', import.meta.url);
}
