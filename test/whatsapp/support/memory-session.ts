import type { WhatsAppSettings } from '../../../connectors/whatsapp/settings.js';
import type {
  LinkOffer,
  LinkOrder,
  Received,
  Session,
  SessionHealth,
  StateChanges,
} from '../../../src/sdk/index.js';

/** What outlives a process: state and captures. */
export class MemoryStore {
  readonly state = new Map<string, string>();
  readonly received: Received[] = [];
  /** When each value was last written, by the clock of its session. */
  readonly writtenAt = new Map<string, Date>();

  bodies(endpoint: string): Record<string, unknown>[] {
    return this.received
      .filter((each) => each.endpoint === endpoint)
      .map(({ body }) => JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>);
  }

  /** Texts of plain messages, each as often as it was captured. */
  get texts(): string[] {
    return this.bodies('message').flatMap(({ message }) => {
      const { conversation, deviceSentMessage } = message as {
        conversation?: string;
        deviceSentMessage?: { message?: { conversation?: string } };
      };
      return conversation ?? deviceSentMessage?.message?.conversation ?? [];
    });
  }
}

/** A session of a process that can die at any commit; what it leaves behind is in the store. */
export class MemorySession implements Session<WhatsAppSettings> {
  readonly reports: SessionHealth[] = [];
  allowTestEndpoints = true;
  /** Before a commit; may throw, or never resolve. */
  beforeCommit: (received: readonly Received[], changes: StateChanges) => Promise<void> | void = () =>
    undefined;
  afterCommit: (received: readonly Received[]) => Promise<void> | void = () => undefined;
  offer_: LinkOffer | undefined;
  handle: unknown;
  readonly #orders: LinkOrder[] = [];
  #wake: () => void = () => undefined;
  readonly #ending = new AbortController();

  constructor(
    readonly store: MemoryStore,
    readonly settings: WhatsAppSettings,
  ) {}

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  end(): void {
    this.#ending.abort();
    this.#wake();
  }

  order(order: LinkOrder): void {
    this.#orders.push(order);
    this.#wake();
  }

  now = () => new Date();

  async emit(received: readonly Received[], changes: StateChanges = {}): Promise<void> {
    this.signal.throwIfAborted();
    await this.beforeCommit(received, changes);
    await new Promise((resolve) => setImmediate(resolve));
    this.signal.throwIfAborted();
    this.store.received.push(...received);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) this.store.state.delete(name);
      else this.store.state.set(name, value);
      this.store.writtenAt.set(name, this.now());
    }
    await this.afterCommit(received);
  }

  async recall(name: string): Promise<string | undefined> {
    return this.store.state.get(name);
  }

  async recallMany(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(
      names.flatMap((name) => {
        const value = this.store.state.get(name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
  }

  async forget(groups: readonly string[], writtenBefore?: Date): Promise<void> {
    for (const name of [...this.store.state.keys()]) {
      const isOld = writtenBefore === undefined || (this.store.writtenAt.get(name) ?? 0) < writtenBefore;
      if (isOld && groups.some((group) => name.startsWith(`${group}/`))) this.store.state.delete(name);
    }
  }

  async nextOrder(signal: AbortSignal): Promise<LinkOrder | undefined> {
    while (!signal.aborted && !this.signal.aborted) {
      const order = this.#orders.shift();
      if (order !== undefined) return order;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return undefined;
  }

  async showLink(offer: LinkOffer | undefined): Promise<void> {
    this.offer_ = offer;
  }

  report(health: SessionHealth): void {
    this.reports.push(health);
  }

  get health(): SessionHealth | undefined {
    return this.reports.at(-1);
  }

  offer(handle: unknown): void {
    this.handle = handle;
  }

  webhookUrl(endpoint: string): string {
    return `https://archway.example.com/${endpoint}`;
  }
}
