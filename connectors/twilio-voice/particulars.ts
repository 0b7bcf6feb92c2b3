import { pick, pickOthers, presentDetails } from '../../providers/twilio/details.js';
import type { Form } from '../../providers/twilio/form.js';

/** How a call came to be and travelled. */
const routingNames = [
  'AccountSid',
  'AnsweredBy',
  'ApiVersion',
  'Direction',
  'SipCallId',
  'SipDomain',
  'SipDomainSid',
  'SipResponseCode',
  'SipSourceIp',
  'StirStatus',
  'StirVerstat',
  'TrunkSid',
] as const;

/** Where the numbers are registered, as carriers tell; not where the people were. Caller and Called say From and To again. */
const locationNames = ['From', 'To', 'Caller', 'Called'].flatMap((party) =>
  ['City', 'State', 'Zip', 'Country'].map((part) => `${party}${part}`),
);

/**
 * Fields that have a place in the event, or none for a reason: `ErrorUrl` comes when Twilio posts the same again to a
 * fallback URL; `CallToken` is a means to make further calls, and nobody has use for it in a record.
 */
const placedNames = ['ErrorUrl', 'CallToken', ...routingNames, ...locationNames];

/** What else a form says, each under Twilio's own name. Fields in `placed` have been read already. */
export function particularsOf(form: Form, placed: Iterable<string>) {
  const all = new Set([...placedNames, ...placed]);
  if (form.get('Caller') === form.get('From')) all.add('Caller');
  if (form.get('Called') === form.get('To')) all.add('Called');
  return presentDetails({
    routing: pick(form, routingNames),
    location: pick(form, locationNames),
    provider: pickOthers(form, all),
  });
}

/** A whole number of seconds or the like; undefined for anything else. */
export function wholeNumber(claimed: string | number | null | undefined): number | undefined {
  return /^\d{1,9}$/.test(String(claimed ?? '')) ? Number(claimed) : undefined;
}
