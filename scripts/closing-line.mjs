// Prints `N passed, N failed, N skipped` from the report of vitest's JSON reporter, and exits 1 when anything failed.
// Usage: node scripts/closing-line.mjs REPORT
import { readFileSync } from 'node:fs';

/** A report that was never written means that the run itself broke: one failure, not none. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`There is no report of the tests: ${error.message}`);
    return { success: false, testResults: [] };
  }
}

function count(report) {
  const files = report.testResults;
  const outcomes = files.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const ended = (...statuses) => outcomes.filter((status) => statuses.includes(status)).length;
  const passed = ended('passed');
  const skipped = ended('skipped', 'pending', 'todo', 'disabled');
  // A file that could not be loaded has failed without having a test that could.
  const broken = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  );
  const failed = outcomes.length - passed - skipped + broken.length;
  // An error outside all tests, or no test at all, is a failure too.
  const unseen = failed === 0 && (!report.success || outcomes.length === 0);
  return { passed, failed: unseen ? 1 : failed, skipped };
}

const { passed, failed, skipped } = count(readReport(process.argv[2]));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
