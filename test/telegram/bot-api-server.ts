import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { FilePart, objections } from './bot-api-judge.js';

interface Update {
  readonly update_id: number;
}

/** What the next call to a method meets instead of its answer. */
export type Trouble =
  | {
      readonly kind: 'refusal';
      readonly code: number;
      readonly description: string;
      readonly parameters?: object;
    }
  /** The call is taken, and the connection ends before the answer. */
  | { readonly kind: 'break' };

export interface Call {
  readonly method: string;
  readonly body: Record<string, unknown>;
}

interface Webhook {
  readonly url: string;
  readonly secretToken: string;
}

/** Who writes to the bot. */
export const client = { id: 7_000_123, is_bot: false, first_name: 'Cleo' };

/** A small part of Telegram's 20 MB, so that tests need no large files. */
const fileMaxBytes = 1024 * 1024;

/**
 * A stand-in for Telegram's Bot API, with the part of its behaviour that decides whether something is lost: updates are
 * kept until a question with a higher offset, or an answer of class 2xx to the webhook; asking is refused while a webhook
 * is set. Every call is held against Telegram's own description, where that is there.
 */
export class BotApiServer {
  readonly calls: Call[] = [];
  /** Files that can be fetched, by their id. */
  readonly files = new Map<string, Buffer>();
  /** Where a file lies by the answer to `getFile`, where that is another place than usual. */
  readonly filePaths = new Map<string, string>();
  /** Paths of the requests for bytes, as they came. */
  readonly fetched: string[] = [];
  readonly #troubles: { readonly method: string; readonly trouble: Trouble }[] = [];
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
      void api.#answer(request).then((answer) => {
        if (answer === 'break') return response.destroy();
        if (Buffer.isBuffer(answer)) return response.end(answer);
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(answer.body));
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
    this.happen('message', { ...this.#newMessage(client), text });
  }

  /** Somebody sends the bot something else than a text. */
  show(content: Record<string, unknown>): void {
    this.happen('message', { ...this.#newMessage(client), ...content });
  }

  happen(kind: string, value: object): void {
    this.#waiting.push({ update_id: this.#nextId++, [kind]: value });
  }

  #newMessage(from: object, chatId: number = client.id) {
    const chat = { id: chatId, type: 'private', first_name: 'Cleo' };
    return { message_id: this.#nextId++, date: 1_795_426_200, from, chat };
  }

  /** A week without updates goes by: Telegram chooses the next number at random. */
  beQuietForAWeek(nextId: number): void {
    this.#nextId = nextId;
  }

  trouble(method: string, trouble: Trouble): void {
    this.#troubles.push({ method, trouble });
  }

  /** Calls that sent something. */
  get sent(): Call[] {
    return this.calls.filter(({ method }) => method.startsWith('send'));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get webhook(): Webhook | undefined {
    return this.#webhook;
  }

  /** Somebody else gives this bot a webhook. */
  setWebhook(url: string): void {
    this.#webhook = { url, secretToken: '' };
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

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown } | Buffer | 'break'> {
    const path = (request.url ?? '').split('/').slice(1);
    if (path[0] === 'file') return this.#file(request.url ?? '', path);
    const [bot, method = ''] = path;
    const body = await readBody(request);
    this.calls.push({ method, body });
    if (bot !== `bot${this.token}`) return refused(401, 'Unauthorized');
    const found = objections(method, body);
    if (found.length > 0) return refused(400, `Bad Request: ${found.join('; ')}`);
    const next = this.#troubles.findIndex((each) => each.method === method);
    if (next >= 0) return inTrouble(this.#troubles.splice(next, 1)[0]!.trouble);
    if (method.startsWith('send')) return this.#send(method, body);
    switch (method) {
      case 'setMessageReaction':
        return ok(true);
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
        return ok(await this.#updates(Number(body.offset ?? 0), Number(body.limit)));
      case 'getMe':
        return ok({
          id: Number(this.token.split(':')[0]),
          is_bot: true,
          first_name: 'Desk',
          username: 'desk_bot',
        });
      case 'getFile':
        return this.#fileAnswer(String(body.file_id));
      default:
        return refused(404, 'Not Found');
    }
  }

  #send(method: string, body: Record<string, unknown>) {
    const bot = { id: Number(this.token.split(':')[0]), is_bot: true, first_name: 'Desk' };
    const made = () => this.#newMessage(bot, Number(body.chat_id));
    if (method === 'sendMediaGroup') return ok((body.media as unknown[]).map(made));
    return ok({ ...made(), ...(body.text !== undefined && { text: body.text }) });
  }

  #fileAnswer(id: string) {
    const elsewhere = this.filePaths.get(id);
    if (elsewhere !== undefined) return ok({ file_id: id, file_unique_id: id, file_path: elsewhere });
    const bytes = this.files.get(id);
    if (bytes === undefined)
      return refused(400, 'Bad Request: wrong file_id or the file is temporarily unavailable');
    if (bytes.length > fileMaxBytes) return refused(400, 'Bad Request: file is too big');
    return ok({ file_id: id, file_unique_id: `unique-${id}`, file_path: `documents/${id}.bin` });
  }

  #file(asked: string, [, bot, ...path]: string[]) {
    this.fetched.push(asked);
    const id = path.join('/').replace(/^documents\/(.+)\.bin$/, '$1');
    const bytes = bot === `bot${this.token}` ? this.files.get(id) : undefined;
    return bytes ?? refused(404, 'Not Found');
  }

  async #updates(offset: number, limit: number): Promise<Update[]> {
    this.#waiting = this.#waiting.filter(({ update_id }) => update_id >= offset);
    if (this.#waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.#waiting.filter(({ update_id }) => update_id >= offset).slice(0, limit);
  }
}

const ok = (result: unknown) => ({ status: 200, body: { ok: true, result } });
const refused = (code: number, description: string) => ({
  status: code,
  body: { ok: false, error_code: code, description },
});

function inTrouble(trouble: Trouble) {
  if (trouble.kind === 'break') return 'break';
  const { code, description, parameters } = trouble;
  const answer = refused(code, description);
  return { ...answer, body: { ...answer.body, ...(parameters !== undefined && { parameters }) } };
}

/** JSON, or the parts of a form: there, what is no text is written as JSON, and a file is named by its part. */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return {};
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/')) return JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  const files = new Map<string, FilePart>();
  const fields: Record<string, unknown> = {};
  for (const { name, file, content } of partsOf(bytes, type)) {
    if (file === undefined) fields[name] = fromFormText(name, content.toString('utf8'));
    else files.set(name, new FilePart(file, content));
  }
  return withFiles(fields, files) as Record<string, unknown>;
}

/** Node's own reader takes no header in lower case, as grammY writes them. */
function partsOf(bytes: Buffer, type: string): { name: string; file: string | undefined; content: Buffer }[] {
  const line = Buffer.from(`--${/boundary=(.+)$/.exec(type)?.[1]}`);
  const parts = [];
  for (let start = bytes.indexOf(line); ; ) {
    const end = bytes.indexOf(line, start + line.length);
    if (end < 0) return parts;
    const part = bytes.subarray(start + line.length + 2, end - 2);
    const headEnd = part.indexOf('\r\n\r\n');
    const head = part.subarray(0, headEnd).toString('utf8');
    const name = /;name="([^"]*)"/.exec(head)?.[1] ?? '';
    const file = /;filename=(.*)/.exec(head)?.[1];
    parts.push({ name, file, content: part.subarray(headEnd + 4) });
    start = end;
  }
}

const texts = new Set(['text', 'caption', 'business_connection_id']);

function fromFormText(name: string, value: string): unknown {
  if (texts.has(name) || value.startsWith('attach://')) return value;
  return JSON.parse(value);
}

/** Puts each file in the place that names it. */
function withFiles(value: unknown, files: ReadonlyMap<string, FilePart>): unknown {
  if (typeof value === 'string' && value.startsWith('attach://')) return files.get(value.slice(9));
  if (Array.isArray(value)) return value.map((item) => withFiles(item, files));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withFiles(each, files)]));
}
