import { type AccountCheck, type CheckContext, z } from 'archway/sdk';
import { openRestClient, type RestClient } from './rest-client.js';
import type { ApiSettings } from './settings.js';
import { retryOptions } from './verify.js';

/** What a number leads to, as Twilio's API names it, and as its console does. */
const places = {
  sms: { member: 'sms_url', label: 'A message comes in' },
  voice: { member: 'voice_url', label: 'A call comes in' },
  'call-status': { member: 'status_callback', label: 'Call status changes' },
} as const;

/** Where a number of ours should send what comes in. */
export interface ExpectedUrl {
  /** In E.164 form. */
  readonly number: string;
  readonly kind: keyof typeof places;
  readonly url: string;
}

/**
 * Whether the credentials are good, and whether Twilio's numbers lead here.
 *
 * @throws {Failure}
 */
export async function checkAtTwilio(
  { settings, signal }: Pick<CheckContext<ApiSettings>, 'settings' | 'signal'>,
  expected: readonly ExpectedUrl[],
): Promise<AccountCheck[]> {
  const client = await openRestClient(settings, signal);
  const checks = [await checkCredentials(client, settings)];
  for (const each of expected) checks.push(await checkNumber(client, settings, each));
  return checks;
}

async function checkCredentials(client: RestClient, { accountSid }: ApiSettings): Promise<AccountCheck> {
  const name = 'credentials';
  const answer = await client.get(`/2010-04-01/Accounts/${accountSid}.json`);
  const status = z.looseObject({ status: z.string() }).safeParse(answer).data?.status;
  if (status === 'active')
    return { name, ok: true, detail: 'Twilio takes the credentials, and the account is active.' };
  return {
    name,
    ok: false,
    detail: `Twilio takes the credentials, and says that the account is ${status ?? 'in an unknown state'}.`,
    remedy: 'Have it reactivated in Twilio’s console.',
  };
}

const numbersSchema = z.looseObject({
  incoming_phone_numbers: z.array(
    z.looseObject({
      sms_url: z.string().nullish(),
      voice_url: z.string().nullish(),
      status_callback: z.string().nullish(),
    }),
  ),
});

async function checkNumber(
  client: RestClient,
  { accountSid }: ApiSettings,
  { number, kind, url }: ExpectedUrl,
): Promise<AccountCheck> {
  const name = `number-${kind}-url`;
  const path = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers.json`;
  const answer = await client.get(path, { PhoneNumber: number });
  const found = numbersSchema.safeParse(answer).data?.incoming_phone_numbers[0];
  if (found === undefined) {
    return {
      name,
      ok: false,
      detail: `Twilio has no number ${number} in this account.`,
      remedy:
        'Check the number in the settings, and that it belongs to this account and not to another subaccount.',
    };
  }
  const { member, label } = places[kind];
  const set = found[member] ?? '';
  const [address, options] = set.split('#');
  if (address !== url) {
    return {
      name,
      ok: false,
      detail: `At Twilio “${label}” of ${number} leads to ${address === '' ? 'no URL' : 'another URL'}, and not to this gateway.`,
      remedy: `In Twilio’s console set it to ${url}${retryOptions}.${kind === 'sms' ? ' A messaging service has a URL of its own.' : ''}`,
    };
  }
  const hint = options === undefined ? `, without ${retryOptions}: then Twilio tries only once more` : '';
  return { name, ok: true, detail: `At Twilio ${number} leads to this gateway${hint}.` };
}
