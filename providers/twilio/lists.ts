import { Failure, type Listed, z } from 'archway/sdk';
import type { RestClient } from './rest-client.js';

/** The largest that Twilio allows. */
export const pageSize = '1000';
/** So many items are held to turn them round. Beyond, later blocks come first. */
const blockMax = 20_000;

/** Twilio's filters count whole seconds; the bounds are read as inclusive. */
export function toSecond(time: Date, round: (seconds: number) => number): string {
  return new Date(round(time.getTime() / 1_000) * 1_000).toISOString().replace('.000', '');
}

const datePattern = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT)$/;

/** Twilio's dates are RFC 2822 in GMT, to the second: `Fri, 24 May 2019 17:44:46 +0000`. Undefined for anything else. */
export function secondsOf(date: string | null | undefined): string | undefined {
  const time = datePattern.test(date ?? '') ? Date.parse(date ?? '') : Number.NaN;
  // Beyond the year 9999 the form of an instant is another.
  return Number.isNaN(time) || time >= Date.UTC(10_000, 0) ? undefined : new Date(time).toISOString();
}

/** Something that the list at this path gave, as `parse` will read it. */
export function listedItem({ baseUrl }: RestClient, endpoint: string, path: string, body: unknown): Listed {
  return {
    endpoint,
    method: 'GET',
    url: `${baseUrl.replace(/\/+$/, '')}${path}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body), 'utf8'),
  };
}

/** The items of each page, until the last one. */
export async function* pagesOf(
  client: RestClient,
  path: string,
  name: string,
  parameters: Readonly<Record<string, string>>,
): AsyncGenerator<unknown[]> {
  const seen = new Set<string>();
  for (let answer = await client.get(path, parameters); ; ) {
    const page = z
      .object({ [name]: z.array(z.unknown()), next_page_uri: z.string().nullish() })
      .safeParse(answer);
    if (!page.success) throw new Failure('unavailable', 'Twilio answered with no list.');
    yield page.data[name] as unknown[];
    const next = page.data.next_page_uri as string | null | undefined;
    if (!next) return;
    if (seen.has(next)) throw new Failure('unavailable', 'The pages of Twilio’s list go round in a circle.');
    seen.add(next);
    const { pathname, search } = new URL(next, client.baseUrl);
    answer = await client.get(`${pathname}${search}`);
  }
}

/** What the pages hold, in blocks that are short enough to be turned round: Twilio lists the newest first. */
export async function* blocksOf(pages: AsyncIterable<unknown[]>): AsyncGenerator<unknown[]> {
  let block: unknown[] = [];
  for await (const page of pages) {
    block.push(...page);
    if (block.length < blockMax) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}
