import { MediaFailure } from './media-failure.js';

const redirects = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return redirects.has(status);
}

/** What an answer means that brings no bytes. */
export function failureOfStatus(
  status: number,
  { isFirst, retryAfter }: { readonly isFirst: boolean; readonly retryAfter: string | undefined },
): MediaFailure {
  const said = `The provider answered ${status}`;
  const options = { retryAfterMs: retryAfterMs(retryAfter) };
  if (status === 404 || status === 410) {
    return new MediaFailure('not-found', `${said}: the bytes are not there, or not any more.`);
  }
  // Behind a redirect no credentials are asked for: there it is a signed link that has expired, and the next one is new.
  if ((status === 401 || status === 403) && isFirst) {
    return new MediaFailure('not-authorized', `${said}: check the credentials of the account.`, options);
  }
  if (status === 429) return new MediaFailure('throttled', `${said}: it asks to slow down.`, options);
  if (status >= 400 && status < 500 && ![401, 403, 408, 425].includes(status)) {
    return new MediaFailure('refused', `${said}: it does not give the bytes out.`);
  }
  return new MediaFailure('unreachable', `${said} instead of the bytes.`, options);
}

function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined;
}
