// The test build: the gateway as it is shipped, with one fail point. CRASH_AT=<point>[:<pass>] names where it kills itself, and at
// which pass (default: the first) after SIGUSR2 has armed it. By SIGKILL, so that nothing gets the chance to tidy up.
import { onFailPoint } from '../../dist/src/core/failpoint.js';

const [, point, pass = '1'] = /^([a-z]+:[a-z-]+)(?::(\d+))?$/.exec(process.env.CRASH_AT ?? '') ?? [];
if (point === undefined) throw new Error('CRASH_AT must be <point>[:<pass>], such as ingest:received:3.');

let passesLeft = Number(pass);
process.once('SIGUSR2', () => {
  onFailPoint((reached) => {
    if (reached !== point) return;
    passesLeft -= 1;
    if (passesLeft === 0) process.kill(process.pid, 'SIGKILL');
  });
});

await import('../../bin/archway.js');
