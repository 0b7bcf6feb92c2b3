import type { MediaRequest } from '../../sdk/index.js';
import { type FetchedMedia, type FetchOptions, fetchMedia } from './fetch-media.js';
import { MediaFailure } from './media-failure.js';

/**
 * Fetches an attachment; when its host says that it is gone and the connector can have it put up again, once more.
 *
 * @throws {MediaFailure}
 */
export async function fetchRenewed(request: MediaRequest, options: FetchOptions): Promise<FetchedMedia> {
  try {
    return await fetchMedia(request, options);
  } catch (error) {
    const isGone = error instanceof MediaFailure && error.reason === 'not-found';
    if (!isGone || request.renew === undefined) throw error;
  }
  return fetchMedia(await request.renew(), options);
}
