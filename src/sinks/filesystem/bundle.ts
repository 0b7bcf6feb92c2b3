/** Hands on together what is added within one turn of the event loop: a message to a thread costs about the same for one or many. */
export class Bundle<Item> {
  #items: Item[] = [];

  constructor(private readonly handOn: (items: Item[]) => void) {}

  add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > 1) return;
    setImmediate(() => {
      const items = this.#items;
      this.#items = [];
      this.handOn(items);
    });
  }
}
