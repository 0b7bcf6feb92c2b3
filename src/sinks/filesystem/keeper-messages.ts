import type { Filed, LaneOutcome } from './envelope-keeper.js';
import type { Publishing } from './write-once.js';

/** What the thread that keeps envelopes is started with. */
export interface KeeperTask {
  readonly root: string;
  readonly publishing: Publishing;
}

/** A lane to keep, under a number of its own. */
export interface LaneOrder {
  readonly number: number;
  readonly lane: readonly Filed[];
}

/** Lanes to keep, or the number of one that is to be left as far as it is. */
export type ToKeeper = { readonly orders: readonly LaneOrder[] } | { readonly stop: number };

/** What became of lanes, by their numbers. */
export type FromKeeper = readonly { readonly number: number; readonly outcome: LaneOutcome }[];
