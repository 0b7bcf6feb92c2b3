// The test build: the gateway as it is shipped, with one fail point. CRASH_AT=<point>[:<pass>] names where it kills itself, and at
// which pass (default: the first) after SIGUSR2 has armed it, or from the start with CRASH_ARMED=1. By SIGKILL, so that nothing gets the chance to tidy up.
import { onFailPoint } from '../../dist/src/core/failpoint.js';

const [, point, pass = '1'] = /^([a-z]+:[a-z-]+)(?::(\d+))?$/.exec(process.env.CRASH_AT ?? '') ?? [];
if (point === undefined) throw new Error('CRASH_AT must be <point>[:<pass>], such as ingest:received:3.');

let passesLeft = Number(pass);
const arm = () => {
  onFailPoint((reached) => {
    if (reached !== point) return;
    passesLeft -= 1;
    if (passesLeft === 0) process.kill(process.pid, 'SIGKILL');
  });
};
if (process.env.CRASH_ARMED === '1') arm();
else process.once('SIGUSR2', arm);

await import('../../bin/archway.js');
