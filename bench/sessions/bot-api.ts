import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Question {
  /** Left out: from the first that is not confirmed. */
  readonly offset?: number;
  readonly limit: number;
  readonly timeout: number;
}

/** Conversations that the updates are spread over. */
const chats = 500;

/** A bot as its server sees it: what waits until it is asked for what comes behind, and the question that is held open. */
export class Bot {
  waiting: { readonly update_id: number }[] = [];
  /** The highest offset asked from: everything below it is committed. */
  committed = 0;
  /** A question is held open, as nothing waits. */
  isAsking = false;
  #nextId = 1;
  #wake: () => void = () => undefined;

  /** @returns the offset from which is asked when all of them are committed */
  say(count: number): number {
    for (let left = count; left > 0; left -= 1) this.waiting.push(updateOf(this.#nextId++));
    this.#wake();
    return this.#nextId;
  }

  async updates({ offset = 0, limit, timeout }: Question): Promise<object[]> {
    this.committed = Math.max(this.committed, offset);
    this.waiting = this.waiting.filter(({ update_id }) => update_id >= offset);
    if (this.waiting.length === 0) await this.#somethingOr(timeout * 1_000);
    return this.waiting.slice(0, limit);
  }

  #somethingOr(timeoutMs: number): Promise<void> {
    this.isAsking = true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.isAsking = false;
        resolve();
      };
    });
  }
}

function updateOf(id: number) {
  const chatId = 7_000_000 + (id % chats);
  return {
    update_id: id,
    message: {
      message_id: id,
      date: 1_795_426_200,
      from: { id: chatId, is_bot: false, first_name: 'Cleo', language_code: 'en' },
      chat: { id: chatId, type: 'private', first_name: 'Cleo' },
      text: `Could you call me back about the order from this morning? (${id})`,
    },
  };
}

/** As much of Telegram's Bot API as long polling needs, for any number of bots. A bot is there as soon as it asks. */
export class BotApi {
  readonly #bots = new Map<string, Bot>();

  private constructor(readonly server: Server) {}

  static async start(): Promise<BotApi> {
    const server = createServer();
    const api = new BotApi(server);
    server.on('request', (request, response) => {
      void api.#answer(request).then((result) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ok: true, result }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Bots whose question is held open. */
  get asking(): number {
    return [...this.#bots.values()].filter(({ isAsking }) => isAsking).length;
  }

  bot(token: string): Bot {
    const bot = this.#bots.get(token) ?? new Bot();
    this.#bots.set(token, bot);
    return bot;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async #answer(request: IncomingMessage): Promise<unknown> {
    const [, path = '', method] = (request.url ?? '').split('/');
    const body = await text(request);
    const token = path.slice('bot'.length);
    if (method === 'getUpdates') return this.bot(token).updates(JSON.parse(body) as Question);
    if (method === 'getMe')
      return { id: Number(token.split(':')[0]), is_bot: true, first_name: 'Desk', username: 'desk_bot' };
    return true;
  }
}
