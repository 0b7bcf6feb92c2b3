import type { CallContext, EventAttachment, MediaRequest } from 'archway/sdk';
import { requestToApi } from '../../providers/twilio/media.js';
import type { TwilioSettings } from './settings.js';

/** The picture or sound of a message lies at Twilio's API. */
export function mediaRequest(
  { reference }: EventAttachment,
  { settings }: Pick<CallContext<TwilioSettings>, 'settings'>,
): MediaRequest {
  return requestToApi(reference, settings);
}
