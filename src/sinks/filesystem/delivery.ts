import { join } from 'node:path';
import { type Delivery, type Evidence, Failure, type Outcome, type SinkContext } from 'archway/sdk';
import { AttachmentKeeper } from './attachments.js';
import { digested } from './digest.js';
import { codeOf, failureFrom } from './failures.js';
import { Folders } from './folders.js';
import { incomingFolder, type Place, placeOf } from './layout.js';
import { limitedTo } from './limit.js';
import { discard, type Publish, stage } from './write-once.js';

/** Enough for syncs to share the disk's journal; more only waits in Node's thread pool. */
const concurrentWrites = 16;

/** A delivery and where it belongs. */
interface Filed {
  readonly delivery: Delivery;
  /** Position in the batch, where its outcome goes. */
  readonly index: number;
  readonly place: Place;
}

/** A delivery on its way: on the disk, not yet under its name. */
interface Staged extends Filed {
  readonly folder: string;
  readonly path: string;
}

/** Keeps envelopes as files. One serves all deliveries of an open sink. */
export class Archivist {
  readonly #folders: Folders;
  readonly #attachments: AttachmentKeeper;
  readonly #limited = limitedTo(concurrentWrites);

  constructor(
    private readonly root: string,
    private readonly publish: Publish,
    private readonly context: SinkContext,
  ) {
    this.#folders = new Folders(root);
    this.#attachments = new AttachmentKeeper(root, this.#folders, publish);
  }

  /**
   * Keeps a batch, or what there is time for until `isStopped`. Each delivery gets its outcome, in the order given.
   */
  async keep(deliveries: readonly Delivery[], isStopped: () => boolean): Promise<Outcome[]> {
    const outcomes = new Array<Outcome>(deliveries.length);
    const lanes = [...groupByLane(deliveries, outcomes).values()];
    await Promise.all(lanes.map((lane) => this.#keepLane(lane, isStopped, outcomes)));
    return outcomes;
  }

  /**
   * Writes all files of a lane at the same time, then names them one after the other: no envelope becomes visible
   * before an older one of its conversation. Evidence is given only after the names, too, are synced.
   */
  async #keepLane(lane: readonly Filed[], isStopped: () => boolean, outcomes: Outcome[]): Promise<void> {
    const named: Staged[] = [];
    let holdUp: Failure | undefined;
    const staging = lane.map((filed) => this.#stage(filed, isStopped));
    for (const [position, { index }] of lane.entries()) {
      const staged = (await staging[position]) as Staged | Failure;
      const failure =
        staged instanceof Failure ? staged : (holdUp ?? stopFailure(isStopped) ?? (await this.#name(staged)));
      if (!(staged instanceof Failure)) {
        if (failure === undefined) named.push(staged);
        else await discard(staged.path);
      }
      if (failure === undefined) continue;
      outcomes[index] = refused(failure);
      // A rejected envelope never comes again, so it holds nobody up; after any other failure the rest must wait.
      if (failure.kind !== 'rejected') holdUp ??= waitsForOlder(failure);
    }
    await this.#finish(named, outcomes);
  }

  /** Never rejects. */
  async #stage(filed: Filed, isStopped: () => boolean): Promise<Staged | Failure> {
    try {
      await this.#attachments.keep(filed.delivery, () => stopFailure(isStopped));
      // First the file: should the disk be unmounted, this fails before a folder is made in the mount point.
      const path = await this.#limited(
        async () => stopFailure(isStopped) ?? stage(join(this.root, incomingFolder), filed.delivery.bytes),
      );
      return path instanceof Failure ? path : { ...filed, path, folder: await this.#folderFor(filed, path) };
    } catch (error) {
      return failureFrom(error, this.root);
    }
  }

  async #folderFor({ place }: Filed, staged: string): Promise<string> {
    try {
      return await this.#folders.ensure(place.folders);
    } catch (error) {
      await discard(staged);
      throw error;
    }
  }

  /** Undefined on success. */
  async #name(staged: Staged): Promise<Failure | undefined> {
    try {
      const publication = await this.#publish(staged);
      if (publication !== 'other') return undefined;
      return new Failure(
        'rejected',
        `${staged.place.locator} already holds other bytes. They were left as they are; compare both before deciding.`,
      );
    } catch (error) {
      return failureFrom(error, this.root);
    }
  }

  async #publish(staged: Staged) {
    const name = join(staged.folder, staged.place.file);
    try {
      return await this.publish(staged.path, name, digested(staged.delivery.bytes));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // Someone removed a folder that was known. It is made anew, once.
      this.#folders.forget(staged.place.folders);
      await this.#folders.ensure(staged.place.folders);
      return this.publish(staged.path, name, digested(staged.delivery.bytes));
    }
  }

  /**
   * Makes the names durable, with one sync for each folder, and only then gives evidence. If one sync fails, the lane
   * gets none: what is newer must not be evidenced before what is older.
   */
  async #finish(named: readonly Staged[], outcomes: Outcome[]): Promise<void> {
    const folders = new Set(named.map((staged) => staged.folder));
    const failures = await Promise.all([...folders].map((folder) => this.#sync(folder)));
    const failure = failures.find((one) => one !== undefined);
    for (const { index, delivery, place } of named) {
      outcomes[index] = failure === undefined ? this.#kept(delivery, place) : refused(failure);
    }
    await Promise.all(named.map((staged) => discard(staged.path)));
  }

  /** Undefined on success. */
  async #sync(folder: string): Promise<Failure | undefined> {
    try {
      await this.#folders.sync(folder);
      return undefined;
    } catch (error) {
      return failureFrom(error, this.root);
    }
  }

  #kept(delivery: Delivery, place: Place): Outcome {
    const evidence: Evidence = {
      locator: place.locator,
      sha256: digested(delivery.bytes).sha256,
      storedAt: this.context.now().toISOString(),
    };
    return { ok: true, evidence };
  }
}

/** Groups what can be filed by lane, in the order given; the rest gets its outcome here. */
function groupByLane(deliveries: readonly Delivery[], outcomes: Outcome[]): Map<string, Filed[]> {
  const lanes = new Map<string, Filed[]>();
  for (const [index, delivery] of deliveries.entries()) {
    try {
      const place = placeOf(delivery.envelope);
      const lane = lanes.get(place.lane) ?? [];
      lane.push({ delivery, index, place });
      lanes.set(place.lane, lane);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      outcomes[index] = refused(error);
    }
  }
  return lanes;
}

function refused(failure: Failure): Outcome {
  return { ok: false, failure };
}

function stopFailure(isStopped: () => boolean): Failure | undefined {
  return isStopped() ? new Failure('unavailable', 'The sink was stopped before this was kept.') : undefined;
}

function waitsForOlder(failure: Failure): Failure {
  return new Failure(failure.kind, 'An older envelope of the same conversation could not be kept yet.', {
    cause: failure,
  });
}
