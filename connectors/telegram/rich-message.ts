import { type EventAttachment, z } from 'archway/sdk';
import { filesOf } from './files.js';

/**
 * A message that is laid out like a page: paragraphs, lists, tables, pictures, one within another. It has no `text` of its
 * own. Here its words are put into lines in the order in which they are read; what kind of block they stood in does not
 * matter, so that a kind which Telegram adds is read too.
 *
 * Source: https://core.telegram.org/bots/api#richmessage
 */
export interface RichContent {
  readonly text: string;
  readonly attachments: EventAttachment[];
}

/** Deeper than anybody writes; what lies below is in the capture. */
const depthMax = 50;

const partSchema = z.looseObject({});
const richSchema = z.looseObject({ blocks: z.array(z.unknown()) });
const placeSchema = z.looseObject({ latitude: z.number(), longitude: z.number() });

/** Undefined where it is no such message. */
export function richContentOf(value: unknown): RichContent | undefined {
  const rich = richSchema.safeParse(value);
  if (!rich.success) return undefined;
  const { blocks } = rich.data;
  return { text: blocks.flatMap((block) => linesOf(block, 0)).join('\n'), attachments: filesIn(blocks, 0) };
}

function linesOf(block: unknown, depth: number): string[] {
  const part = partSchema.safeParse(block);
  if (!part.success || depth > depthMax) return [];
  const { summary, text, expression, location, items, blocks, cells, caption, credit } = part.data;
  const below = (parts: unknown) => listOf(parts).flatMap((each) => linesOf(each, depth + 1));
  // A caption is a text itself, or holds one with its credit.
  const captionLines = hasText(caption) ? linesOf(caption, depth + 1) : lineOf(caption, depth);
  return [
    ...lineOf(summary, depth),
    ...lineOf(text, depth),
    ...lineOf(expression, depth),
    ...placeLine(location),
    ...listOf(items).map((item) => itemLine(item, depth)),
    ...below(blocks),
    ...listOf(cells).map((row) =>
      listOf(row)
        .map((cell) => linesOf(cell, depth + 1).join(' '))
        .join(' | '),
    ),
    ...captionLines,
    ...lineOf(credit, depth),
  ];
}

function itemLine(item: unknown, depth: number): string {
  const part = partSchema.safeParse(item).data ?? {};
  const box = part.has_checkbox === true ? (part.is_checked === true ? '[x] ' : '[ ] ') : '';
  return `${textOf(part.label, depth)} ${box}${linesOf(item, depth + 1).join('\n')}`.trimStart();
}

function lineOf(text: unknown, depth: number): string[] {
  const line = textOf(text, depth);
  return line === '' ? [] : [line];
}

function placeLine(location: unknown): string[] {
  const place = placeSchema.safeParse(location);
  return place.success ? [`${place.data.latitude}, ${place.data.longitude}`] : [];
}

/** A formatted text is a text, several in a row, or one in a form that has a name; a link says where it leads. */
function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (depth > depthMax) return '';
  if (Array.isArray(value)) return value.map((each) => textOf(each, depth + 1)).join('');
  const form = partSchema.safeParse(value);
  if (!form.success) return '';
  const { text, expression, alternative_text: alternative, url } = form.data;
  const said = textOf(text ?? expression ?? alternative, depth + 1);
  return typeof url === 'string' && url !== said ? `${said} (${url})` : said;
}

function filesIn(blocks: unknown, depth: number): EventAttachment[] {
  if (depth > depthMax) return [];
  return listOf(blocks).flatMap((block) => {
    const part = partSchema.safeParse(block).data ?? {};
    return [...filesOf(part), ...filesIn(part.items, depth + 1), ...filesIn(part.blocks, depth + 1)];
  });
}

function hasText(value: unknown): boolean {
  const part = partSchema.safeParse(value);
  return part.success && ('text' in part.data || 'credit' in part.data) && !('type' in part.data);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
