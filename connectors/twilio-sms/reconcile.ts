import { type CallContext, Failure, type Listed, type TimeWindow, z } from 'archway/sdk';
import { readParty } from './addresses.js';
import { listedEndpoint, secondsOf } from './listed.js';
import { openRestClient, type RestClient } from './rest-client.js';
import { ownAddressesOf, type TwilioSettings } from './settings.js';

/** The largest that Twilio allows. */
const pageSize = 1_000;
/** Twilio lists the newest first: so many messages are held to turn them round. Beyond, later blocks come first. */
const blockMax = 20_000;

const messageSchema = z.looseObject({
  sid: z.string(),
  from: z.string().nullish(),
  to: z.string().nullish(),
  num_media: z.string().nullish(),
  date_sent: z.string().nullish(),
  date_created: z.string().nullish(),
});

type ListedMessage = z.infer<typeof messageSchema>;

/**
 * Lists the messages of the account in a window, both directions, whoever sent them. All of the Twilio account is listed
 * and what has none of our senders at either end is left out: a messaging service chooses its sender itself.
 *
 * @throws {Failure}
 */
export async function* reconcile(
  window: TimeWindow,
  { settings, signal }: CallContext<TwilioSettings>,
): AsyncGenerator<Listed> {
  const client = await openRestClient(settings, signal);
  const own = new Set(ownAddressesOf(settings));
  const path = `/2010-04-01/Accounts/${settings.accountSid}/Messages.json`;
  const parameters = {
    'DateSent>': toSecond(window.since, Math.floor),
    'DateSent<': toSecond(window.until, Math.ceil),
    PageSize: String(pageSize),
  };
  for await (const block of blocksOf(pagesOf(client, path, 'messages', parameters))) {
    for (const item of block.reverse()) {
      const message = messageSchema.safeParse(item);
      // What has not the form of a message is handed on: its reader says so on record.
      if (message.success && !isWanted(message.data, window, own)) continue;
      const media = message.success ? await mediaOf(client, settings, message.data) : [];
      yield listed(client, path, { message: item, media });
    }
  }
}

/** `DateSent` counts whole seconds; the bounds are read as inclusive. */
function toSecond(time: Date, round: (seconds: number) => number): string {
  return new Date(round(time.getTime() / 1_000) * 1_000).toISOString().replace('.000', '');
}

/** Twilio's documents promise days only for its filter, so the time is looked at again here. */
function isWanted(message: ListedMessage, { since, until }: TimeWindow, own: ReadonlySet<string>): boolean {
  const parties = [message.from, message.to].map((party) => readParty(party ?? undefined)?.address.value);
  if (!parties.some((party) => party !== undefined && own.has(party))) return false;
  const sentAt = secondsOf(message.date_sent ?? message.date_created);
  if (sentAt === undefined) return true;
  const time = Date.parse(sentAt);
  return time >= since.getTime() - 1_000 && time < until.getTime() + 1_000;
}

async function mediaOf(
  client: RestClient,
  { accountSid }: TwilioSettings,
  message: ListedMessage,
): Promise<unknown[]> {
  if (!(Number(message.num_media) > 0)) return [];
  const path = `/2010-04-01/Accounts/${accountSid}/Messages/${encodeURIComponent(message.sid)}/Media.json`;
  const media: unknown[] = [];
  for await (const page of pagesOf(client, path, 'media_list', { PageSize: '100' })) media.push(...page);
  return media;
}

function listed({ baseUrl }: RestClient, path: string, body: unknown): Listed {
  return {
    endpoint: listedEndpoint,
    method: 'GET',
    url: `${baseUrl.replace(/\/+$/, '')}${path}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body), 'utf8'),
  };
}

/** The items of each page, until the last one. */
async function* pagesOf(
  client: RestClient,
  path: string,
  name: 'messages' | 'media_list',
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

async function* blocksOf(pages: AsyncIterable<unknown[]>): AsyncGenerator<unknown[]> {
  let block: unknown[] = [];
  for await (const page of pages) {
    block.push(...page);
    if (block.length < blockMax) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}
