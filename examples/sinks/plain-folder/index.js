import { createHash, randomUUID } from 'node:crypto';
import { access, constants, link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defineSink, Failure, z } from 'archway/sdk';

const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex');
const stopped = () => new Failure('unavailable', 'The sink was stopped before this was kept.');

/** One file for each envelope, in a folder that is there already. */
export default defineSink({
  id: 'plain-folder',
  title: 'Plain folder',
  settings: z.strictObject({ directory: z.string().min(1) }),
  guarantees: { immutable: false, dedupes: true, inspectable: true },
  async open({ directory }, { now }) {
    await requireFolder(directory);
    const running = new Set();
    let closed = false;
    async function deliverAll(deliveries, signal) {
      const outcomes = [];
      let failure;
      for (const delivery of deliveries) {
        if (closed || signal.aborted) failure ??= stopped();
        const outcome = failure ? { ok: false, failure } : await keep(directory, delivery, now);
        // Behind a failure nothing may be kept, so that the order holds; a rejected envelope alone is passed by.
        if (!outcome.ok && outcome.failure.kind !== 'rejected') failure = outcome.failure;
        outcomes.push(outcome);
      }
      return outcomes;
    }
    return {
      deliver(deliveries, signal) {
        const delivering = deliverAll(deliveries, signal);
        running.add(delivering);
        return delivering.finally(() => running.delete(delivering));
      },
      async inspect({ locator, sha256 }) {
        const bytes = await readFile(join(directory, locator)).catch(undefinedIfMissing);
        if (bytes === undefined) return 'missing';
        return digestOf(bytes) === sha256 ? 'intact' : 'altered';
      },
      async [Symbol.asyncDispose]() {
        closed = true;
        await Promise.allSettled(running);
      },
    };
  },
});

async function requireFolder(directory) {
  try {
    await access(join(directory, '.'), constants.W_OK);
  } catch {
    throw new Failure('config', 'The directory is not there or cannot be written; make it first.');
  }
}

/** Written aside, synced, then linked to its place: a link never replaces what is there. */
async function keep(directory, { idempotencyKey, bytes }, now) {
  const locator = `${digestOf(idempotencyKey)}.json`;
  const aside = join(directory, `${randomUUID()}.part`);
  try {
    await writeSynced(aside, bytes);
    const isNew = await linkOnce(aside, join(directory, locator));
    const kept = isNew ? bytes : await readFile(join(directory, locator));
    if (digestOf(kept) !== digestOf(bytes))
      return { ok: false, failure: new Failure('rejected', 'Other bytes are kept under this key.') };
    await syncFolder(directory);
    return { ok: true, evidence: { locator, sha256: digestOf(bytes), storedAt: now().toISOString() } };
  } catch ({ code }) {
    return { ok: false, failure: new Failure('unavailable', `The file could not be written (${code}).`) };
  } finally {
    await rm(aside, { force: true });
  }
}

async function writeSynced(path, bytes) {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkOnce(from, to) {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function syncFolder(directory) {
  const folder = await open(directory, 'r');
  await folder.sync().finally(() => folder.close());
}

function undefinedIfMissing(error) {
  if (error.code !== 'ENOENT') throw error;
}
