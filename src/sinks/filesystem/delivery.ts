import { type Delivery, type Evidence, Failure, type Outcome, type SinkContext } from 'archway/sdk';
import { AttachmentKeeper } from './attachments.js';
import { digested } from './digest.js';
import { type Filed, type LaneOutcome, stopRefusal } from './envelope-keeper.js';
import { failureFrom } from './failures.js';
import { Folders } from './folders.js';
import { type Place, placeOf } from './layout.js';
import type { Refusal } from './refusal.js';
import { type Publishing, publishers } from './write-once.js';

/** Keeps the envelopes of lanes: an `EnvelopeKeeper`, in whatever thread. */
export interface LaneKeeper {
  /** Never rejects. */
  keepLane(lane: readonly Filed[], isStopped: () => boolean): Promise<LaneOutcome>;
  /** Called when nothing is in hand. */
  close(): Promise<void>;
}

/** A delivery and where it belongs. */
interface Placed {
  readonly delivery: Delivery;
  /** Position in the batch, where its outcome goes. */
  readonly index: number;
  readonly place: Place;
}

/** Keeps deliveries: the bytes of attachments itself, as they stream in, and the envelopes by its lane keeper. */
export class Archivist {
  readonly #attachments: AttachmentKeeper;

  constructor(
    private readonly root: string,
    publishing: Publishing,
    private readonly envelopes: LaneKeeper,
    private readonly context: SinkContext,
  ) {
    this.#attachments = new AttachmentKeeper(root, new Folders(root), publishers[publishing]);
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

  /** Bytes of attachments first: an envelope must not be in the archive before what it brings. */
  async #keepLane(lane: readonly Placed[], isStopped: () => boolean, outcomes: Outcome[]): Promise<void> {
    const filed = await Promise.all(lane.map((placed) => this.#file(placed, isStopped)));
    const refusals = await this.envelopes.keepLane(filed, isStopped);
    for (const [position, { index, delivery, place }] of lane.entries()) {
      const refusal = refusals[position];
      outcomes[index] = refusal === undefined ? this.#kept(delivery, place) : refused(refusal);
    }
  }

  async #file({ delivery, place }: Placed, isStopped: () => boolean): Promise<Filed> {
    const { folders, file } = place;
    return {
      folders,
      file,
      bytes: delivery.bytes,
      refused: await this.#keepAttachments(delivery, isStopped),
    };
  }

  /** Undefined on success. */
  async #keepAttachments(delivery: Delivery, isStopped: () => boolean): Promise<Refusal | undefined> {
    if (delivery.attachments === undefined) return undefined;
    try {
      await this.#attachments.keep(delivery, () => {
        const refusal = stopRefusal(isStopped);
        return refusal && new Failure(refusal.kind, refusal.message);
      });
      return undefined;
    } catch (error) {
      const { kind, message } = failureFrom(error, this.root);
      return { kind, message };
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
function groupByLane(deliveries: readonly Delivery[], outcomes: Outcome[]): Map<string, Placed[]> {
  const lanes = new Map<string, Placed[]>();
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

function refused({ kind, message }: Refusal): Outcome {
  return { ok: false, failure: new Failure(kind, message) };
}
