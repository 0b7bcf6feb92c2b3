// Keeps envelopes on a thread of its own: see envelope-keeper.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { Bundle } from './bundle.js';
import { EnvelopeKeeper } from './envelope-keeper.js';
import type { FromKeeper, KeeperTask, LaneOrder, ToKeeper } from './keeper-messages.js';

const main = parentPort;
if (main === null) throw new Error('keeper-worker.js is started by KeeperThread, not by hand.');
const keeper = new EnvelopeKeeper(workerData as KeeperTask);
/** Numbers of the lanes that are being kept; those that are stopped have left it. */
const wanted = new Set<number>();
const answers = new Bundle<FromKeeper[number]>((ended) => main.postMessage(ended));

async function keep({ number, lane }: LaneOrder): Promise<void> {
  wanted.add(number);
  const outcome = await keeper.keepLane(lane, () => !wanted.has(number));
  wanted.delete(number);
  answers.add({ number, outcome });
}

main.on('message', (message: ToKeeper) => {
  if ('stop' in message) wanted.delete(message.stop);
  else for (const order of message.orders) void keep(order);
});
