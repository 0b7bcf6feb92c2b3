import { Failure, type MediaRequest } from 'archway/sdk';
import type { ApiSettings } from './settings.js';

const apiHost = 'api.twilio.com';

/**
 * Where Twilio's API sends those who ask for media: its content delivery network, and for accounts without "Enforce HTTP
 * Auth on Media URLs" Amazon's storage. Never asked first, and never with credentials.
 * https://help.twilio.com/articles/223183748
 */
const redirectHosts = ['mms.twiliocdn.com', 'media.twiliocdn.com', 's3-external-1.amazonaws.com'];

/**
 * Media is fetched from Twilio's API alone. The URL came in a signed request, yet what stands in it is not taken on trust:
 * credentials go to hosts that are named here or in the settings.
 */
export function requestToApi(url: string | undefined, settings: ApiSettings): MediaRequest {
  if (url === undefined) throw new Failure('rejected', 'Twilio gave no URL for it.');
  const { accountSid, authToken, apiBaseUrl } = settings;
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
  return {
    url,
    hosts: apiBaseUrl === undefined ? [apiHost] : [new URL(apiBaseUrl).host, apiHost],
    redirectHosts,
    headers: { authorization: `Basic ${credentials}` },
  };
}
