import { join } from 'node:path';
import type { LaneKeeper } from './delivery.js';
import { digested } from './digest.js';
import { atOnce, Folders } from './folders.js';
import type { KeeperTask } from './keeper-messages.js';
import { limitedTo } from './limit.js';
import { codeOf, type Refusal, refusalFrom } from './refusal.js';
import { discardAtOnce, incomingFolder, type Publish, publishersAtOnce, stageAtOnce } from './write-once.js';

/** Enough for syncs to share the disk's journal; more only waits in Node's thread pool. */
const concurrentWrites = 16;

/** An envelope and where it belongs: plain data, which crosses threads. */
export interface Filed {
  /** Below the archive's directory, outermost first. */
  readonly folders: readonly string[];
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Set when it cannot be kept, so that what follows it knows. */
  readonly refused: Refusal | undefined;
}

/** An envelope on its way: on the disk, not yet under its name. */
interface Staged extends Filed {
  readonly folder: string;
  readonly path: string;
}

/** Which of a lane were kept: `undefined` for each that was, in the order given. */
export type LaneOutcome = readonly (Refusal | undefined)[];

/**
 * Keeps envelopes as files. Calls to the file system are made at once, but for the syncs: handing each of ten calls for a file to
 * the thread pool took half of the time of the thread that handed them. So it belongs on a thread that may wait for a disk.
 */
export class EnvelopeKeeper implements LaneKeeper {
  readonly #root: string;
  readonly #publish: Publish;
  readonly #folders: Folders;
  readonly #limited = limitedTo(concurrentWrites);

  constructor({ root, publishing }: KeeperTask) {
    this.#root = root;
    this.#publish = publishersAtOnce[publishing];
    this.#folders = new Folders(root, atOnce);
  }

  /**
   * Writes all files of a lane at the same time, then names them one after the other: no envelope becomes visible before an
   * older one of its conversation. It ends after the names, too, are synced. Never rejects.
   */
  async keepLane(lane: readonly Filed[], isStopped: () => boolean): Promise<LaneOutcome> {
    const outcome = new Array<Refusal | undefined>(lane.length).fill(undefined);
    const named: { staged: Staged; position: number }[] = [];
    let holdUp: Refusal | undefined;
    const staging = lane.map((filed) => this.#stage(filed, isStopped));
    for (const position of lane.keys()) {
      const staged = (await staging[position]) as Staged | Refusal;
      const refusal =
        'kind' in staged ? staged : (holdUp ?? stopRefusal(isStopped) ?? (await this.#name(staged)));
      if (!('kind' in staged)) {
        if (refusal === undefined) named.push({ staged, position });
        else discardAtOnce(staged.path);
      }
      if (refusal === undefined) continue;
      outcome[position] = refusal;
      // A rejected envelope never comes again, so it holds nobody up; after any other failure the rest must wait.
      if (refusal.kind !== 'rejected') holdUp ??= waitsForOlder(refusal);
    }
    const failure = await this.#finish(named.map(({ staged }) => staged));
    for (const { position } of named) outcome[position] = failure;
    return outcome;
  }

  async close(): Promise<void> {
    // It holds nothing open.
  }

  /** Never rejects. */
  async #stage(filed: Filed, isStopped: () => boolean): Promise<Staged | Refusal> {
    if (filed.refused !== undefined) return filed.refused;
    try {
      // First the file: should the disk be unmounted, this fails before a folder is made in the mount point.
      const path = await this.#limited(
        async () => stopRefusal(isStopped) ?? stageAtOnce(join(this.#root, incomingFolder), filed.bytes),
      );
      if (typeof path !== 'string') return path;
      return { ...filed, path, folder: await this.#folderFor(filed, path) };
    } catch (error) {
      return refusalFrom(error, this.#root);
    }
  }

  async #folderFor({ folders }: Filed, staged: string): Promise<string> {
    try {
      return await this.#folders.ensure(folders);
    } catch (error) {
      discardAtOnce(staged);
      throw error;
    }
  }

  /** Undefined on success. */
  async #name(staged: Staged): Promise<Refusal | undefined> {
    try {
      if ((await this.#publishAt(staged)) !== 'other') return undefined;
      const locator = [...staged.folders, staged.file].join('/');
      return {
        kind: 'rejected',
        message: `${locator} already holds other bytes. They were left as they are; compare both before deciding.`,
      };
    } catch (error) {
      return refusalFrom(error, this.#root);
    }
  }

  async #publishAt(staged: Staged) {
    const name = join(staged.folder, staged.file);
    const content = () => digested(staged.bytes);
    try {
      return await this.#publish(staged.path, name, content);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // Someone removed a folder that was known. It is made anew, once.
      this.#folders.forget(staged.folders);
      await this.#folders.ensure(staged.folders);
      return this.#publish(staged.path, name, content);
    }
  }

  /**
   * Makes the names durable, with one sync for each folder. If one fails, the lane counts as not kept: what is newer must not be
   * evidenced before what is older. Undefined on success.
   */
  async #finish(named: readonly Staged[]): Promise<Refusal | undefined> {
    const folders = new Set(named.map(({ folder }) => folder));
    const failures = await Promise.all([...folders].map((folder) => this.#sync(folder)));
    for (const { path } of named) discardAtOnce(path);
    return failures.find((one) => one !== undefined);
  }

  /** Undefined on success. */
  async #sync(folder: string): Promise<Refusal | undefined> {
    try {
      await this.#folders.sync(folder);
      return undefined;
    } catch (error) {
      return refusalFrom(error, this.#root);
    }
  }
}

export function stopRefusal(isStopped: () => boolean): Refusal | undefined {
  if (!isStopped()) return undefined;
  return { kind: 'unavailable', message: 'The sink was stopped before this was kept.' };
}

function waitsForOlder({ kind }: Refusal): Refusal {
  return { kind, message: 'An older envelope of the same conversation could not be kept yet.' };
}
