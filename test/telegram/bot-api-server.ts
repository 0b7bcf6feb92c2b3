import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Update {
  readonly update_id: number;
}

interface Webhook {
  readonly url: string;
  readonly secretToken: string;
}

/**
 * A stand-in for Telegram's Bot API, with the part of its behaviour that decides whether something is lost: updates are
 * kept until a question with a higher offset, or an answer of class 2xx to the webhook; asking is refused while a webhook
 * is set. It cannot judge content, which Telegram's own description does.
 */
export class BotApiServer {
  readonly calls: { readonly method: string; readonly body: Record<string, unknown> }[] = [];
  #waiting: Update[] = [];
  #webhook: Webhook | undefined;
  #nextId = 1;

  private constructor(
    readonly token: string,
    readonly server: Server,
    /** Where the webhook's public URL really leads. */
    readonly webhookBase: () => string,
  ) {}

  static async start(token: string, webhookBase: () => string = () => ''): Promise<BotApiServer> {
    const server = createServer();
    const api = new BotApiServer(token, server, webhookBase);
    server.on('request', (request, response) => {
      void api.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Somebody writes to the bot. */
  say(text: string): void {
    const update_id = this.#nextId++;
    const person = { id: 7_000_123, is_bot: false, first_name: 'Cleo' };
    const chat = { id: person.id, type: 'private', first_name: 'Cleo' };
    const message = { message_id: update_id, date: 1_795_426_200, from: person, chat, text };
    this.#waiting.push({ update_id, message } as Update);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get webhook(): Webhook | undefined {
    return this.#webhook;
  }

  /** Posts what waits to the webhook, as Telegram does; what is not taken stays. */
  async deliver(): Promise<number[]> {
    const statuses: number[] = [];
    for (const update of [...this.#waiting]) {
      const { url, secretToken } = this.#webhook as Webhook;
      const response = await fetch(this.webhookBase() + new URL(url).pathname, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secretToken },
        body: JSON.stringify(update),
      });
      statuses.push(response.status);
      if (response.ok) this.#waiting = this.#waiting.filter((each) => each !== update);
    }
    return statuses;
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const [, bot, method = ''] = (request.url ?? '').split('/');
    const body = await readBody(request);
    this.calls.push({ method, body });
    if (bot !== `bot${this.token}`) return refused(401, 'Unauthorized');
    switch (method) {
      case 'deleteWebhook':
        this.#webhook = undefined;
        return ok(true);
      case 'setWebhook':
        this.#webhook = { url: String(body.url), secretToken: String(body.secret_token) };
        return ok(true);
      case 'getWebhookInfo':
        return ok({ url: this.#webhook?.url ?? '', pending_update_count: this.#waiting.length });
      case 'getUpdates':
        if (this.#webhook !== undefined) return refused(409, 'Conflict: a webhook is active');
        return ok(await this.#updates(Number(body.offset), Number(body.limit)));
      default:
        return refused(404, 'Not Found');
    }
  }

  async #updates(offset: number, limit: number): Promise<Update[]> {
    this.#waiting = this.#waiting.filter(({ update_id }) => update_id >= offset);
    if (this.#waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.#waiting.slice(0, limit);
  }
}

const ok = (result: unknown) => ({ status: 200, body: { ok: true, result } });
const refused = (code: number, description: string) => ({
  status: code,
  body: { ok: false, error_code: code, description },
});

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
