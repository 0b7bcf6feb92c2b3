import { type CallContext, type Listed, type TimeWindow, z } from 'archway/sdk';
import { readParty } from '../../providers/twilio/addresses.js';
import {
  blocksOf,
  listedItem,
  pageSize,
  pagesOf,
  secondsOf,
  toSecond,
} from '../../providers/twilio/lists.js';
import { openRestClient, type RestClient } from '../../providers/twilio/rest-client.js';
import { listedEndpoint } from './listed.js';
import { ownAddressesOf, type TwilioSettings } from './settings.js';

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
    PageSize: pageSize,
  };
  for await (const block of blocksOf(pagesOf(client, path, 'messages', parameters))) {
    for (const item of block.reverse()) {
      const message = messageSchema.safeParse(item);
      // What has not the form of a message is handed on: its reader says so on record.
      if (message.success && !isWanted(message.data, window, own)) continue;
      const media = message.success ? await mediaOf(client, settings, message.data) : [];
      yield listedItem(client, listedEndpoint, path, { message: item, media });
    }
  }
}

/** Twilio's documents promise days only for its filter, so the time is looked at again here. */
function isWanted(message: ListedMessage, { since, until }: TimeWindow, own: ReadonlySet<string>): boolean {
  const parties = [message.from, message.to].map((party) => readParty(party ?? undefined)?.address.value);
  if (!parties.some((party) => party !== undefined && own.has(party))) return false;
  const sentAt = secondsOf(message.date_sent ?? message.date_created);
  if (sentAt === undefined) return true;
  const time = Date.parse(sentAt);
  // Neighbouring windows share no message: each would count it.
  return time >= Math.floor(since.getTime() / 1_000) * 1_000 && time < until.getTime();
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
