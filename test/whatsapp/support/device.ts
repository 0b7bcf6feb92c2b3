import { run } from '../../../connectors/whatsapp/session/run.js';
import { settingsSchema } from '../../../connectors/whatsapp/settings.js';
import { until } from '../../support/until.js';
import type { Device, WhatsAppServer } from '../server/index.js';
import { MemorySession, MemoryStore } from './memory-session.js';

/** The session of the connector in this process, over several of its lives. */
export class TestDevice {
  session: MemorySession;
  ended: Promise<unknown> = Promise.resolve();

  constructor(
    readonly server: WhatsAppServer,
    readonly settings: Record<string, unknown> = {},
    readonly store = new MemoryStore(),
  ) {
    this.session = this.#newSession();
  }

  #newSession(): MemorySession {
    const settings = settingsSchema.parse({ socketUrl: this.server.socketUrl, ...this.settings });
    return new MemorySession(this.store, settings);
  }

  /** Begins a life; `prepare` may set where it dies. */
  start(prepare: (session: MemorySession) => void = () => undefined): void {
    this.session = this.#newSession();
    prepare(this.session);
    this.ended = run(this.session).catch((error: unknown) => error);
  }

  async untilState(state: string): Promise<void> {
    await until(() => this.session.health?.state === state);
  }

  /** Links it to a phone of the server. */
  async link(phone = this.server.phone): Promise<Device> {
    this.start();
    this.session.order({ kind: 'link', method: 'qr' });
    await until(() => this.session.offer_ !== undefined);
    const device = await this.server.scan(this.session.offer_?.value ?? '', phone);
    await this.untilState('open');
    return device;
  }

  async stop(): Promise<void> {
    this.session.end();
    await this.ended;
  }
}
