import { type EventAttachment, z } from 'archway/sdk';
import { filesOf } from './files.js';
import { type RichContent, richContentOf } from './rich-message.js';
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
  const rich = richContentOf(message.rich_message);
  const said = message.text ?? message.caption ?? rich?.text ?? inWords(message);
  return {
    ...(said !== undefined && { text: said }),
    attachments: attachmentsOf(message, rich),
    provider: detailsOf(message),
  };
}

const paidSchema = z.looseObject({ paid_media: z.array(z.looseObject({ type: z.string() })) });

function attachmentsOf(message: Message, rich: RichContent | undefined): EventAttachment[] {
  const paid = paidSchema.safeParse(message.paid_media);
  const bought = paid.success ? paid.data.paid_media : [];
  return [...filesOf(message), ...bought.flatMap(filesOf), ...(rich?.attachments ?? [])];
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
