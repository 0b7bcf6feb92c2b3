import type { CallContext, EndedCall, Listed } from 'archway/sdk';
import { listedItem, pageSize, pagesOf } from '../../providers/twilio/lists.js';
import { openRestClient } from '../../providers/twilio/rest-client.js';
import { callSidOf } from './keys.js';
import { listedRecording } from './listed.js';
import { pathOf } from './reconcile.js';
import type { VoiceSettings } from './settings.js';

/**
 * Lists the recordings that Twilio has of one call. They are kept with its first leg; every leg is asked for all the same.
 * A call that we had made is known by an id of ours, so the first leg's own is taken from what Twilio said of it.
 *
 * @throws {Failure}
 */
export async function* recordings(
  call: EndedCall,
  { settings, signal }: CallContext<VoiceSettings>,
): AsyncGenerator<Listed> {
  const client = await openRestClient(settings, signal);
  const path = pathOf(settings, 'Recordings');
  const sids = call.legs.map(({ key, provider }) => callSidOf(key) ?? callSidOf(`call/${provider.CallSid}`));
  for (const sid of new Set(sids)) {
    if (sid === undefined) continue;
    for await (const page of pagesOf(client, path, 'recordings', { CallSid: sid, PageSize: pageSize })) {
      for (const item of page) yield listedItem(client, listedRecording, path, item);
    }
  }
}
