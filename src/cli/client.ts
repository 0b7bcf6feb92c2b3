import { z } from 'zod';
import { CliError } from './cli-error.js';
import { type Connection, startHint } from './connection.js';
import { type ExitCode, exitCodes } from './exit-codes.js';

export type Query = Readonly<Record<string, string | number | undefined>>;

/** No answer of the private API takes this long; one page of an inspection may take a while. */
const timeoutMs = 120_000;
const pageSizeMax = 500;

/** What the whole server shares: these lists take no instance. */
const serverWidePaths = new Set(['/v1/connectors', '/v1/instances', '/v1/backups']);

const problemSchema = z.looseObject({
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
});

const exitCodeByStatus = new Map<number, ExitCode>([
  [401, exitCodes.refusedKey],
  [403, exitCodes.refusedKey],
  [404, exitCodes.notFound],
]);

/** A client of the private API. Every failure is a `CliError` with what to do about it. */
export class ApiClient {
  constructor(
    readonly connection: Connection,
    /** Name or id of the instance to speak about; undefined: the one that belongs to the key. */
    readonly instance: string | undefined,
  ) {}

  get<Schema extends z.ZodType>(path: string, answer: Schema, query: Query = {}): Promise<z.infer<Schema>> {
    return this.#request('GET', path, answer, query);
  }

  post<Schema extends z.ZodType>(
    path: string,
    answer: Schema,
    body?: unknown,
    query: Query = {},
  ): Promise<z.infer<Schema>> {
    return this.#request('POST', path, answer, query, body);
  }

  /** Posts bytes as they come, however long that takes. */
  async upload<Schema extends z.ZodType>(
    path: string,
    answer: Schema,
    { body, contentType, query = {} }: Upload,
  ): Promise<z.infer<Schema>> {
    const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': contentType } } as const;
    return this.#read(await this.#send(path, query, init), `POST ${path}`, answer);
  }

  patch<Schema extends z.ZodType>(path: string, answer: Schema, body: unknown): Promise<z.infer<Schema>> {
    return this.#request('PATCH', path, answer, {}, body);
  }

  delete<Schema extends z.ZodType>(path: string, answer: Schema): Promise<z.infer<Schema>> {
    return this.#request('DELETE', path, answer, {});
  }

  /** Every page of a list, until the server says that there is no more, or `limit` items have come. */
  async *pages<Item extends z.ZodType>(
    path: string,
    item: Item,
    {
      query = {},
      limit = Number.POSITIVE_INFINITY,
      pageSize = pageSizeMax,
      method = 'GET',
    }: PageOptions = {},
  ): AsyncGenerator<z.infer<Item>[]> {
    const page = z.looseObject({ data: z.array(item), next: z.string().nullable() });
    let cursor: string | undefined;
    let left = limit;
    do {
      const size = Math.min(left, pageSize);
      const { data, next } = await this.#request(method, path, page, { ...query, limit: size, cursor });
      yield data.slice(0, left);
      left -= data.length;
      if (next === cursor) throw notArchway(this.connection, 'a list that leads to the same page again');
      cursor = next ?? undefined;
    } while (cursor !== undefined && left > 0);
  }

  /** All items of a list that is known to be short. */
  async all<Item extends z.ZodType>(path: string, item: Item, query: Query = {}): Promise<z.infer<Item>[]> {
    const items: z.infer<Item>[] = [];
    for await (const page of this.pages(path, item, { query })) items.push(...page);
    return items;
  }

  /** The bytes behind a path, as they come, however long they take. */
  async bytesOf(path: string): Promise<Download> {
    const response = await this.#fetch('GET', path, {}, undefined, null);
    if (!response.ok) {
      throw refusal(response.status, await readJson(response, this.connection), this.connection);
    }
    const [, digest] = /^sha-256=:([A-Za-z0-9+/=]+):$/.exec(response.headers.get('repr-digest') ?? '') ?? [];
    if (response.body === null || digest === undefined) {
      throw notArchway(this.connection, `no bytes with a digest for GET ${path}`);
    }
    return { body: response.body, sha256: Buffer.from(digest, 'base64').toString('hex') };
  }

  /** Posts, and passes on the bytes of the answer as they come, however long that takes. */
  async download(path: string, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const response = await this.#fetch('POST', path, {}, undefined, null);
    if (!response.ok)
      throw refusal(response.status, await readJson(response, this.connection), this.connection);
    const pieces = response.body?.getReader();
    if (pieces === undefined) throw notArchway(this.connection, 'nothing');
    for (;;) {
      const { done, value } = await pieces.read().catch((cause: unknown) => {
        throw brokenOff(this.connection, cause);
      });
      if (done) return;
      await write(value);
    }
  }

  async #request<Schema extends z.ZodType>(
    method: 'DELETE' | 'GET' | 'POST' | 'PATCH',
    path: string,
    answer: Schema,
    query: Query,
    body?: unknown,
  ): Promise<z.infer<Schema>> {
    return this.#read(await this.#fetch(method, path, query, body), `${method} ${path}`, answer);
  }

  async #read<Schema extends z.ZodType>(
    response: Response,
    asked: string,
    answer: Schema,
  ): Promise<z.infer<Schema>> {
    const content = await readJson(response, this.connection);
    if (!response.ok) throw refusal(response.status, content, this.connection);
    const result = answer.safeParse(content);
    if (!result.success) throw notArchway(this.connection, `an unknown shape for ${asked}`);
    // As it was sent, not as the schema rebuilt it: the members keep their order for those who read the JSON.
    return content as z.infer<Schema>;
  }

  #fetch(
    method: string,
    path: string,
    query: Query,
    body: unknown,
    signal: AbortSignal | null = AbortSignal.timeout(timeoutMs),
  ): Promise<Response> {
    const content =
      body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return this.#send(path, query, { method, signal, ...content });
  }

  async #send(path: string, query: Query, init: RequestInit): Promise<Response> {
    const url = new URL(`${this.connection.adminUrl}${path}`);
    const instance = serverWidePaths.has(path) ? undefined : this.instance;
    for (const [name, value] of Object.entries({ ...query, instance })) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    try {
      return await fetch(url, {
        ...init,
        headers: {
          authorization: `Bearer ${this.connection.apiKey}`,
          accept: 'application/json, application/problem+json',
          ...init.headers,
        },
        // The private API never redirects; whoever does is something else, and must not be followed with a key in hand.
        redirect: 'manual',
      });
    } catch (cause) {
      throw noAnswer(this.connection, cause);
    }
  }
}

export interface Upload {
  readonly body: ReadableStream<Uint8Array>;
  readonly contentType: string;
  readonly query?: Query;
}

export interface Download {
  readonly body: ReadableStream<Uint8Array>;
  /** What the server says of the bytes, lower-case hex. */
  readonly sha256: string;
}

export interface PageOptions {
  readonly query?: Query;
  /** Stop after this many items. */
  readonly limit?: number | undefined;
  readonly pageSize?: number;
  readonly method?: 'GET' | 'POST' | 'PATCH';
}

async function readJson(response: Response, connection: Connection): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw noAnswer(connection, cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notArchway(connection, `status ${response.status} and something that is not JSON`, cause);
  }
}

function refusal(status: number, content: unknown, connection: Connection): CliError {
  const problem = problemSchema.safeParse(content);
  if (!problem.success) return notArchway(connection, `status ${status} without an explanation`);
  const { title, detail, type: _type, ...members } = problem.data;
  const exitCode = exitCodeByStatus.get(status) ?? exitCodes.failed;
  return new CliError(
    exitCode,
    title,
    `${detail ?? title}${status === 401 ? keyHint(connection) : ''}`,
    members,
  );
}

function keyHint({ adminUrl, keySource }: Connection): string {
  return (
    ` The key from ${keySource} is not one of the server at ${adminUrl}. Set ARCHWAY_API_KEY to one that is, or ` +
    'ARCHWAY_DATA_DIR to the data directory of that server.'
  );
}

function noAnswer({ adminUrl, source }: Connection, cause: unknown): CliError {
  const reason =
    cause instanceof Error && cause.name === 'TimeoutError' ? 'gave no answer in time' : 'does not answer';
  const hint =
    source === 'ARCHWAY_ADMIN_URL' ? 'Check ARCHWAY_ADMIN_URL, and that the server runs.' : `${startHint}.`;
  return new CliError(
    exitCodes.unreachable,
    'Server not reachable',
    `The server at ${adminUrl} (from ${source}) ${reason}${causeCode(cause)}. ${hint}`,
    {},
    { cause },
  );
}

function brokenOff({ adminUrl, source }: Connection, cause: unknown): CliError {
  return new CliError(
    exitCodes.failed,
    'Answer broke off',
    `The server at ${adminUrl} (from ${source}) broke its answer off${causeCode(cause)}. Its log says why; then try again.`,
    {},
    { cause },
  );
}

/** `fetch` hides the reason of the system in the cause of its error. */
function causeCode(error: unknown): string {
  const code = error instanceof Error ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
  return typeof code === 'string' ? ` (${code})` : '';
}

function notArchway({ adminUrl, source }: Connection, what: string, cause?: unknown): CliError {
  return new CliError(
    exitCodes.failed,
    'Answer not understood',
    `${adminUrl} (from ${source}) answered with ${what}. Check that this is the private API of an Archway of the same ` +
      'version as this command, not its public listener or a proxy.',
    {},
    { cause },
  );
}
