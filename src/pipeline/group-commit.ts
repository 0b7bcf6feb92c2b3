interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions<Item, Result> {
  readonly groupMax: number;
  /** How many must wait to be worth a group of their own while another one is being committed; never, when left out. */
  readonly overlapMin?: number;
  /**
   * Gives one result per item, in order; an item whose result is an Error is rejected with it, alone. Called again while the
   * group before is under way, at most once, if `overlapMin` says so: the order of the two is for it to keep.
   */
  readonly commit: (items: Item[]) => Promise<(Result | Error)[]>;
}

/** While one group is being committed the next is made and sent. More would only make the groups smaller. */
const underWayMax = 2;

/**
 * Collects what arrives while a commit is under way and hands it to the next one as a group, so that many requests share
 * one transaction and one sync. Groups are begun in the order of arrival.
 */
export class GroupCommit<Item, Result> {
  readonly #options: Required<GroupCommitOptions<Item, Result>>;
  readonly #waiting: Waiting<Item, Result>[] = [];
  #underWay = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = { overlapMin: Number.POSITIVE_INFINITY, ...options };
  }

  /** Resolves when the item's group is committed. */
  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      // One turn of the event loop: requests that were read from their sockets in the same turn join the same group.
      setImmediate(() => {
        this.#scheduled = false;
        this.#begin();
      });
    });
  }

  /** Items that are not committed yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #begin(): void {
    const { groupMax, overlapMin } = this.#options;
    while (this.#underWay < underWayMax && this.#waiting.length >= (this.#underWay === 0 ? 1 : overlapMin)) {
      void this.#commitGroup(this.#waiting.splice(0, groupMax));
    }
    if (this.#waiting.length > 0 || this.#underWay > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commitGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#underWay += 1;
    try {
      const results = await this.#options.commit(group.map(({ item }) => item));
      // A missing result must not pass for a success.
      if (results.length !== group.length) throw new Error('A group commit gave another number of results.');
      group.forEach(({ resolve, reject }, index) => {
        const result = results[index] as Result | Error;
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    this.#underWay -= 1;
    this.#begin();
  }
}
