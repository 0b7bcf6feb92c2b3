import type { LinkOrder } from 'archway/sdk';
import type { Connection, WhatsAppSession } from './connection.js';

type Order = Extract<LinkOrder, { kind: 'link' }>;

/** As the library shows them: the first picture for a minute, the others for 20 seconds. */
const firstPictureMs = 60_000;
const pictureMs = 20_000;
/** How long WhatsApp takes a code. */
const codeMs = 160_000;

/** What the operator asked to be shown, so that a phone can be linked. */
export class Linking {
  #pictures = 0;
  #code: Promise<void> | undefined;
  #ended = false;

  constructor(
    private readonly session: WhatsAppSession,
    private readonly order: Order,
  ) {}

  /** The server is ready to link. @param text what the next picture says. */
  async show(connection: Connection, text: string): Promise<void> {
    if (this.#ended) return;
    if (this.order.method === 'code') {
      this.#code ??= this.#showCode(connection);
      return this.#code;
    }
    this.#pictures += 1;
    await this.#offer(text, this.#pictures === 1 ? firstPictureMs : pictureMs);
    this.#report('Scan the QR code with the phone: archway account link shows it');
  }

  /** Nothing is to be shown any more. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.session.showLink(undefined).catch(() => undefined);
  }

  async #showCode(connection: Connection): Promise<void> {
    try {
      const code = await connection.socket.requestPairingCode(
        (this.order.phoneNumber ?? '').replace(/\D/g, ''),
      );
      await this.#offer(code, codeMs);
      this.#report('Type the code into the phone: archway account link shows it');
    } catch {
      connection.end('not-linked-in-time');
    }
  }

  async #offer(value: string, forMs: number): Promise<void> {
    const expiresAt = new Date(this.session.now().getTime() + forMs).toISOString();
    await this.session.showLink({ method: this.order.method, value, expiresAt }).catch(() => undefined);
  }

  #report(action: string): void {
    this.session.report({ state: 'awaiting-pairing', detail: 'A phone may be linked now.', action });
  }
}
