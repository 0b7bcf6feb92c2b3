interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects what arrives while a commit is under way and hands it to the next one as a group, so that many requests share
 * one transaction and one sync. Groups are committed one after the other, in the order of arrival.
 *
 * `commit` returns one result per item, in order; an item whose result is an Error is rejected with it, alone.
 */
export class GroupCommit<Item, Result> {
  readonly #waiting: Waiting<Item, Result>[] = [];
  readonly #commit: (items: Item[]) => Promise<(Result | Error)[]>;
  readonly #groupMax: number;
  #running: Promise<void> | undefined;

  constructor(options: { groupMax: number; commit: (items: Item[]) => Promise<(Result | Error)[]> }) {
    this.#groupMax = options.groupMax;
    this.#commit = options.commit;
  }

  /** Resolves when the item's group is committed. */
  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Items that are not committed yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // One turn of the event loop: requests that were read from their sockets in the same turn join the first group.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await this.#commitGroup(this.#waiting.splice(0, this.#groupMax));
    }
    this.#running = undefined;
  }

  async #commitGroup(group: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#commit(group.map(({ item }) => item));
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
  }
}
