import { type CallContext, type EventAttachment, Failure, type MediaRequest, z } from 'archway/sdk';
import { apiRootOf, asSignal, openApi } from './api.js';
import { failureOf, isRefusal } from './failure.js';
import type { TelegramSettings } from './settings.js';

/** What Telegram's own server gives out to bots; a Bot API server of one's own has no such limit. */
const hostedMaxBytes = 20 * 1024 * 1024;

const fileSchema = z.looseObject({ file_path: z.string().min(1).max(1_000).optional() });

/**
 * Asks where the file lies now; that is true for an hour. The token is part of the URL, as Telegram knows no other way, so
 * no redirect is followed.
 *
 * Source: https://core.telegram.org/bots/api#getfile
 */
export async function mediaRequest(
  attachment: EventAttachment,
  { settings, signal }: CallContext<TelegramSettings>,
): Promise<MediaRequest> {
  const { reference, byteLength } = attachment;
  if (reference === undefined) throw new Failure('rejected', 'Telegram gave no file id for it.');
  const isHosted = settings.apiBaseUrl === undefined;
  if (isHosted && byteLength !== undefined && byteLength > hostedMaxBytes) throw tooBig(attachment);
  const api = await openApi(settings);
  const file = await api.getFile(reference, asSignal(signal)).catch((error: unknown) => {
    throw failureOfFile(error, attachment);
  });
  const path = relativePath(fileSchema.safeParse(file).data?.file_path, settings.token);
  if (path === undefined) throw new Failure('rejected', 'Telegram did not say where the file lies.');
  const root = apiRootOf(settings);
  const url = `${root}/file/bot${settings.token}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const hosts = [new URL(root).host];
  return { url, hosts, ...(!isHosted && { operatorHosts: hosts }) };
}

/**
 * A server of one's own in its mode `--local` names a path of its own disk, below a folder with the token as its name: what
 * follows it is what the web server in front of it gives out.
 */
function relativePath(path: string | undefined, token: string): string | undefined {
  if (path === undefined || path.split('/').includes('..')) return undefined;
  if (!path.startsWith('/')) return path;
  const folder = `/${token}/`;
  return path.includes(folder) ? path.slice(path.indexOf(folder) + folder.length) : undefined;
}

function failureOfFile(error: unknown, attachment: EventAttachment): unknown {
  if (!isRefusal(error) || error.error_code !== 400) return failureOf(error);
  if (/too big/i.test(error.description)) return tooBig(attachment);
  return new Failure('rejected', `Telegram answered 400: ${error.description}`);
}

/** The ids by which the file can be had from a server without the limit, or by hand. */
function tooBig({ key, reference, byteLength }: EventAttachment): Failure {
  const size = byteLength === undefined ? 'more than 20 MB' : `${byteLength} bytes`;
  return new Failure(
    'rejected',
    `Telegram gives bots no file over 20 MB, and this one has ${size} (${key}, file id ${reference}). A Bot API server of your own has no such limit: set apiBaseUrl.`,
  );
}
