import { type EventAttachment, z } from 'archway/sdk';
import type { Message } from './schemas.js';
import { shorten } from './text.js';

/**
 * What a message holds. Content that is no text (a place, a contact, a poll) is said in words, so that a reviewer reads it
 * where texts are read; the object as Telegram gave it stands beside it under its own name.
 */
export interface MessageContent {
  readonly text?: string;
  readonly attachments: EventAttachment[];
  readonly provider: Record<string, string>;
}

const detailLengthMax = 2_000;
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
};

/** Fields that are placed elsewhere in the event, or say nothing that the event does not. */
const placed = new Set([
  'message_id',
  'date',
  'chat',
  'from',
  'sender_chat',
  'business_connection_id',
  'message_thread_id',
  'is_topic_message',
  'edit_date',
  'text',
  'caption',
  'reply_to_message',
  'forward_origin',
]);

export function contentOf(message: Message): MessageContent {
  const said = message.text ?? message.caption ?? inWords(message);
  return {
    ...(said !== undefined && { text: said }),
    attachments: attachmentsOf(message),
    provider: detailsOf(message),
  };
}

function attachmentsOf(message: Message): EventAttachment[] {
  const found = Object.entries(fileFields).flatMap(([field, contentType]) => {
    const file = fileSchema.safeParse(message[field]);
    return file.success ? [attachment(field, file.data, contentType)] : [];
  });
  // The sizes of one picture, or a new picture of the chat: the largest holds the others.
  for (const field of ['photo', 'new_chat_photo']) {
    const sizes = filesSchema.safeParse(message[field]);
    const largest = sizes.success ? sizes.data.at(-1) : undefined;
    if (largest !== undefined) found.push(attachment(field, largest, 'image/jpeg'));
  }
  return [...found, ...paidMediaOf(message)];
}

const paidSchema = z.looseObject({ paid_media: z.array(z.looseObject({ type: z.string() })) });

function paidMediaOf(message: Message): EventAttachment[] {
  const paid = paidSchema.safeParse(message.paid_media);
  if (!paid.success) return [];
  return paid.data.paid_media.flatMap((item) => {
    const sizes = filesSchema.safeParse(item.photo);
    const largest = sizes.success ? sizes.data.at(-1) : undefined;
    if (largest !== undefined) return [attachment('photo', largest, 'image/jpeg')];
    const video = fileSchema.safeParse(item.video);
    return video.success ? [attachment('video', video.data, 'video/mp4')] : [];
  });
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

/** All that has no place of its own, so that the record says what Telegram said. Long values are shortened. */
function detailsOf(message: Message): Record<string, string> {
  const details: Record<string, string> = {};
  for (const name of Object.keys(message).sort()) {
    const value = message[name];
    if (placed.has(name) || name.length > 100 || value === undefined || name === '__proto__') continue;
    details[name] = shorten(typeof value === 'string' ? value : JSON.stringify(value), detailLengthMax);
  }
  return details;
}

const placeSchema = z.looseObject({ latitude: z.number(), longitude: z.number() });
const venueSchema = z.looseObject({ title: z.string(), address: z.string() });
const contactSchema = z.looseObject({
  phone_number: z.string(),
  first_name: z.string(),
  last_name: z.string().optional(),
});
const pollSchema = z.looseObject({
  question: z.string(),
  options: z.array(z.looseObject({ text: z.string() })),
});
const diceSchema = z.looseObject({ emoji: z.string(), value: z.number() });
const checklistSchema = z.looseObject({
  title: z.string(),
  tasks: z.array(z.looseObject({ text: z.string() })),
});
const titledSchema = z.looseObject({ title: z.string(), description: z.string() });

/** Lines that stand for content which is no text; the first that applies. */
const words: readonly ((message: Message) => string[] | undefined)[] = [
  ({ venue, location }) => {
    const named = venueSchema.safeParse(venue);
    const place = placeSchema.safeParse(location);
    if (!place.success) return undefined;
    const lines = named.success ? [named.data.title, named.data.address] : [];
    return [...lines, `${place.data.latitude}, ${place.data.longitude}`];
  },
  ({ contact }) => {
    const read = contactSchema.safeParse(contact);
    if (!read.success) return undefined;
    const { first_name: first, last_name: last = '', phone_number: number } = read.data;
    return [`${first} ${last}`.trim(), number];
  },
  ({ poll }) => {
    const read = pollSchema.safeParse(poll);
    return read.success
      ? [read.data.question, ...read.data.options.map(({ text }) => `- ${text}`)]
      : undefined;
  },
  ({ checklist }) => {
    const read = checklistSchema.safeParse(checklist);
    return read.success ? [read.data.title, ...read.data.tasks.map(({ text }) => `- ${text}`)] : undefined;
  },
  ({ dice }) => {
    const read = diceSchema.safeParse(dice);
    return read.success ? [`${read.data.emoji} ${read.data.value}`] : undefined;
  },
  ({ game, invoice }) => {
    const read = titledSchema.safeParse(game ?? invoice);
    return read.success ? [read.data.title, read.data.description] : undefined;
  },
  ({ sticker }) => {
    const read = z.looseObject({ emoji: z.string() }).safeParse(sticker);
    return read.success ? [read.data.emoji] : undefined;
  },
];

function inWords(message: Message): string | undefined {
  for (const say of words) {
    const lines = say(message);
    if (lines !== undefined) return lines.join('\n');
  }
  return undefined;
}
