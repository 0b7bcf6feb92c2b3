import { setTimeout as sleep } from 'node:timers/promises';

/** Requests that wait at the same time; more of them are a crowd. */
const crowdMin = 8;
/** A crowd is over when there was none for so long: between two commits of a group nobody waits for a moment. */
const crowdGoneMs = 100;
/** How long work stands back for a crowd that has just come; less and less the longer the crowd stays. */
const crowdCourtesyMs = 5_000;
const crowdPatienceMs = 120_000;
/** How long work stands back for a few requests, at most, and how often it looks. */
const courtesyMs = 200;
const stepMs = 10;

/**
 * Lets the work behind the inbox stand back for requests: a webhook has a deadline, an archive has none. A burst of
 * requests is taken at the full speed of the door, and its backlog worked off after it; a load that does not end gets less
 * and less courtesy, so that in any case the backlog is worked at.
 */
export class Courtesy {
  #waiting = 0;
  #crowdedSince = Number.NEGATIVE_INFINITY;
  #crowdedAt = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** So many requests wait from now until `leave`. */
  enter(count = 1): void {
    this.#waiting += count;
    if (this.#waiting <= crowdMin) return;
    const now = this.#now();
    if (now - this.#crowdedAt > crowdGoneMs) this.#crowdedSince = now;
    this.#crowdedAt = now;
  }

  leave(count = 1): void {
    this.#waiting -= count;
  }

  /** How long a portion of work stands back at this moment, at most. */
  get limitMs(): number {
    const now = this.#now();
    if (now - this.#crowdedAt <= crowdGoneMs) {
      const patience = 1 - (now - this.#crowdedSince) / crowdPatienceMs;
      return Math.max(courtesyMs, crowdCourtesyMs * patience);
    }
    return this.#waiting > 0 ? courtesyMs : 0;
  }

  /** Resolves when no request waits, and in a bounded time in any case. Asked before each portion of work. */
  async calm(): Promise<void> {
    const begun = this.#now();
    while (this.#now() - begun < this.limitMs) await sleep(stepMs);
  }
}
