import type { OutboundMedia } from 'archway/sdk';
import type { Api, InputFile } from 'grammy';
import type { Place } from './send.js';

interface Calling {
  readonly api: Api;
  readonly signal: Parameters<Api['raw']['sendMessage']>[1];
}

/** As what Telegram shows a file; whatever it cannot show is a document, with the bytes as they are. */
type Form = 'photo' | 'video' | 'audio' | 'document';

const forms: Readonly<Record<string, Form>> = {
  'image/jpeg': 'photo',
  'image/png': 'photo',
  'image/webp': 'photo',
  'video/mp4': 'video',
  'audio/mpeg': 'audio',
  'audio/mp4': 'audio',
};

/** A larger picture is refused as a photo, and taken as a document. https://core.telegram.org/bots/api#sendphoto */
const photoMaxBytes = 10 * 1024 * 1024;

function formOf({ contentType, byteLength }: OutboundMedia): Form {
  const form = forms[contentType.split(';')[0]?.trim().toLowerCase() ?? ''] ?? 'document';
  return form === 'photo' && byteLength > photoMaxBytes ? 'document' : form;
}

/** One file with the text below it, or several as an album. @returns what Telegram answered. */
export async function sendMedia(
  { api, signal }: Calling,
  place: Place,
  caption: string | undefined,
  media: readonly OutboundMedia[],
): Promise<unknown> {
  const files = await Promise.all(media.map(asInputFile));
  const said = caption === undefined || caption === '' ? {} : { caption };
  const [first] = media;
  if (first !== undefined && media.length === 1) {
    const file = files[0] as InputFile;
    switch (formOf(first)) {
      case 'photo':
        return api.raw.sendPhoto({ ...place, ...said, photo: file }, signal);
      case 'video':
        return api.raw.sendVideo({ ...place, ...said, video: file }, signal);
      case 'audio':
        return api.raw.sendAudio({ ...place, ...said, audio: file }, signal);
      default:
        return api.raw.sendDocument({ ...place, ...said, document: file }, signal);
    }
  }
  const form = albumForm(media.map(formOf));
  const items = files.map((file, index) => ({
    type: form[index] as Form,
    media: file,
    // Below the first it is shown as that of the album.
    ...(index === 0 && said),
  }));
  // The types list the allowed mixtures one by one; `albumForm` makes no other.
  return api.raw.sendMediaGroup({ ...place, media: items as never }, signal);
}

/** Photos and videos may stand together, audios and documents only among themselves. */
function albumForm(each: readonly Form[]): readonly Form[] {
  const isVisual = each.every((form) => form === 'photo' || form === 'video');
  const isAudio = each.every((form) => form === 'audio');
  return isVisual || isAudio ? each : each.map(() => 'document' as const);
}

async function asInputFile({ open, name, contentType }: OutboundMedia): Promise<InputFile> {
  const { InputFile } = await import('grammy');
  return new InputFile(await open(), fileName(name, contentType));
}

/** The library refuses line breaks in a name, and writes quotes as they are. */
function fileName(name: string | undefined, contentType: string): string {
  const plain = name?.replace(/[\p{Cc}"\\/]/gu, '_');
  return plain || `file.${/^[a-z]+\/([a-z0-9]+)/.exec(contentType)?.[1] ?? 'bin'}`;
}
