import { type EventAttachment, z } from 'archway/sdk';
import { shorten } from './text.js';

const nameLengthMax = 1_000;
const contentTypeLengthMax = 255;
const referenceLengthMax = 4_000;

const fileSchema = z.looseObject({
  file_id: z.string().min(1).max(referenceLengthMax),
  file_unique_id: z.string().min(1).max(400),
  file_size: z.int().nonnegative().optional(),
  mime_type: z.string().optional(),
  file_name: z.string().optional(),
  /** Of sound and film, in seconds. */
  duration: z.int().nonnegative().optional(),
});
const filesSchema = z.array(fileSchema);

/** Fields that hold one file, and the type of its bytes where Telegram names none. */
const fileFields: Readonly<Record<string, string | undefined>> = {
  animation: 'video/mp4',
  audio: undefined,
  document: undefined,
  live_photo: 'video/mp4',
  sticker: undefined,
  video: 'video/mp4',
  video_note: 'video/mp4',
  voice: 'audio/ogg',
  voice_note: 'audio/ogg',
};

/** Fields that hold the sizes of one picture: the largest, which is the last, holds the others. */
const pictureFields = ['photo', 'new_chat_photo'];

/** The files that stand in the fields of a message, or of a part of one. */
export function filesOf(holder: Readonly<Record<string, unknown>>): EventAttachment[] {
  const files = Object.entries(fileFields).flatMap(([field, contentType]) => {
    const file = fileSchema.safeParse(holder[field]);
    return file.success ? [attachment(field, file.data, contentType)] : [];
  });
  const pictures = pictureFields.flatMap((field) => {
    const sizes = filesSchema.safeParse(holder[field]);
    const largest = sizes.success ? sizes.data.at(-1) : undefined;
    return largest === undefined ? [] : [attachment(field, largest, 'image/jpeg')];
  });
  return [...files, ...pictures];
}

function attachment(
  field: string,
  file: z.infer<typeof fileSchema>,
  defaultType: string | undefined,
): EventAttachment {
  const contentType = file.mime_type ?? defaultType;
  return {
    key: `${field}/${file.file_unique_id}`,
    reference: file.file_id,
    ...(file.file_name !== undefined && { name: shorten(file.file_name, nameLengthMax) }),
    ...(contentType !== undefined && { contentType: shorten(contentType, contentTypeLengthMax) }),
    ...(file.file_size !== undefined && { byteLength: file.file_size }),
    ...(file.duration !== undefined && { durationSeconds: file.duration }),
  };
}
