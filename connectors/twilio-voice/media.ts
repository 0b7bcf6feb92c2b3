import type { CallContext, EventAttachment, MediaRequest } from 'archway/sdk';
import { requestToApi } from '../../providers/twilio/media.js';
import type { VoiceSettings } from './settings.js';

const apiUrl = 'https://api.twilio.com';

/** The sound of a recording lies at Twilio's API. One that Twilio put into a storage of the customer's own is refused there. */
export function mediaRequest(
  { reference }: EventAttachment,
  { settings }: Pick<CallContext<VoiceSettings>, 'settings'>,
): MediaRequest {
  const base = (settings.apiBaseUrl ?? apiUrl).replace(/\/+$/, '');
  return requestToApi(reference?.startsWith('/') ? `${base}${reference}` : reference, settings);
}
