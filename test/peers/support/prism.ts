import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../../support/gateway-process.js';

/** Twilio's own description of its REST API, where it lies beside this checkout; a user's clone does not have it. */
const description = new URL('../../../../shared/material/twilio/twilio_api_v2010.json', import.meta.url);
/** The installed `@stoplight/prism-cli`; `.ci/run` sets it. */
const program = process.env.ARCHWAY_TEST_PRISM;

/** Why there is no judge here; undefined when there is one. */
export const noPrism = reasonAgainst();
if (noPrism !== undefined) process.stdout.write(`Skipped: ${noPrism}\n`);

function reasonAgainst(): string | undefined {
  if (!existsSync(description)) return "Twilio's description of its API does not lie beside this checkout.";
  if (program === undefined)
    return 'ARCHWAY_TEST_PRISM does not name an installed Prism; .ci/run installs one.';
  return existsSync(program) ? undefined : `There is no ${program}.`;
}

/** One call as the judge saw it. */
export interface JudgedCall {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Fields of the form; repeated ones have several. */
  readonly form: URLSearchParams;
  /** What Prism said of it: 2xx, 401 or 422. */
  readonly status: number;
  /** Why it was refused, in Prism's words. */
  readonly complaints: readonly string[];
}

type Answer = { readonly status: number; readonly body: string };

const startMaxMs = 60_000;

/**
 * Twilio's own description of its API as a strict server: a request that it does not allow gets 422. Each call passes a door
 * of ours, which notes what was asked and how it was judged. What was allowed is answered with Twilio's example of an
 * answer, or by the stand-in of Twilio that `answeredBy` names.
 */
export class TwilioJudge implements AsyncDisposable {
  readonly calls: JudgedCall[] = [];
  /** Base URL of a server that gives the answers to what was allowed. */
  answeredBy: string | undefined;
  /** Which of the examples in the description is the answer, by its name there. */
  example: (request: { method: string; path: string; query: URLSearchParams }) => string | undefined = () =>
    undefined;
  readonly #door = createServer((request, response) => void this.#judge(request, response));

  private constructor(
    readonly prism: ChildProcess,
    readonly prismUrl: string,
    readonly folder: string,
  ) {}

  static async start(): Promise<TwilioJudge> {
    const folder = await mkdtemp(join(tmpdir(), 'archway-prism-'));
    const file = join(folder, 'twilio.json');
    await writeFile(file, JSON.stringify(withListsSpelledOut(await readFile(description, 'utf8'))));
    const port = await freePort();
    const prism = spawn(
      process.execPath,
      [program as string, 'mock', '-h', '127.0.0.1', '-p', `${port}`, file],
      { stdio: 'ignore' },
    );
    const killWithUs = () => prism.kill('SIGKILL');
    process.once('exit', killWithUs);
    prism.once('close', () => process.off('exit', killWithUs));
    const judge = new TwilioJudge(prism, `http://127.0.0.1:${port}`, folder);
    await new Promise<void>((resolve) => judge.#door.listen(0, '127.0.0.1', resolve));
    const answers = () =>
      fetch(judge.prismUrl).then(
        () => true,
        () => false,
      );
    await until(answers, startMaxMs, 'Prism did not answer');
    return judge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#door.address() as AddressInfo).port}`;
  }

  /** Forgets the calls and how they were to be answered. */
  reset(): void {
    this.calls.splice(0);
    this.answeredBy = undefined;
    this.example = () => undefined;
  }

  /** `POST /2010-04-01/Accounts/…/Messages.json → 201` for each call, in their order. */
  get verdicts(): string[] {
    return this.calls.map(({ method, path, status, complaints }) =>
      [`${method} ${path} → ${status}`, ...complaints].join(' '),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.prism.kill('SIGKILL');
    this.#door.closeAllConnections();
    await new Promise((resolve) => this.#door.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #judge(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const { method = 'GET', url = '/' } = request;
    const { pathname: path, searchParams: query } = new URL(url, this.url);
    const example = this.example({ method, path, query });
    const asked = { method, url, body, request };
    const judged = await ask(
      this.prismUrl,
      asked,
      example === undefined ? {} : { prefer: `example=${example}` },
    );
    const form = new URLSearchParams(body.toString('utf8'));
    const complaints = complaintsOf(judged);
    this.calls.push({ method, path, query, form, status: judged.status, complaints });
    const isAllowed = judged.status < 400 && this.answeredBy !== undefined;
    const answer = isAllowed ? await ask(this.answeredBy as string, asked) : judged;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  }
}

async function ask(
  base: string,
  { method, url, body, request }: { method: string; url: string; body: Buffer; request: IncomingMessage },
  more: Record<string, string> = {},
): Promise<Answer> {
  const { authorization, 'content-type': contentType } = request.headers;
  const response = await fetch(`${base}${url}`, {
    method,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...more,
    },
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  return { status: response.status, body: await response.text() };
}

function complaintsOf({ status, body }: Answer): string[] {
  if (status < 400) return [];
  const { title, validation = [] } = JSON.parse(body) as {
    title?: string;
    validation?: { message: string }[];
  };
  return validation.length > 0 ? validation.map(({ message }) => message) : [title ?? body];
}

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

interface Content {
  readonly schema?: Schema;
  encoding?: Record<string, { style: 'form'; explode: true }>;
}

/**
 * A list in a form is its name repeated: so OpenAPI has it where a description says nothing else, and so Twilio documents
 * it. Prism does that only where the description says so too, and else takes no list at all.
 *
 * Source: https://spec.openapis.org/oas/v3.0.1#encoding-object
 */
function withListsSpelledOut(text: string): unknown {
  const document = JSON.parse(text) as {
    paths: Record<string, Record<string, { requestBody?: { content?: Record<string, Content> } }>>;
  };
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const form = operation?.requestBody?.content?.['application/x-www-form-urlencoded'];
    if (form === undefined) continue;
    const lists = Object.entries(form.schema?.properties ?? {}).filter(([, { type }]) => type === 'array');
    form.encoding = Object.fromEntries(lists.map(([name]) => [name, { style: 'form', explode: true }]));
  }
  return document;
}
