import { countOf, type Fields, inner, isFields, textOf, textsOf } from './fields.js';
import type { Frame } from './frame.js';
import { addressOf, bare, isGroup, isLid, isNumber } from './jid.js';
import { isId, messageKey } from './keys.js';
import { shorten } from './text.js';
import { inWords } from './words.js';

const detailLengthMax = 2_000;
const forwardLengthMax = 1_000;

/** What a message says of others: the one that it answers, where it was first said, who is mentioned. */
export interface Context {
  readonly replyTo?: string;
  readonly forwardedFrom?: string;
  readonly provider: Readonly<Record<string, string>>;
}

export function contextOf(value: Fields, frame: Frame): Context {
  const context = inner(value, 'contextInfo');
  const mentions = textsOf(context.mentionedJid).map((jid) => addressOf({ jid }, {}).value);
  const expiration = countOf(context.expiration);
  return {
    ...quoteOf(context, frame),
    ...forwardOf(context),
    provider: {
      ...quotedDetails(context),
      ...(mentions.length > 0 && { mentions: shorten(mentions.join(', '), detailLengthMax) }),
      ...(expiration && { disappearsAfterSeconds: String(expiration) }),
      ...(textOf(context.conversionSource) && { source: shorten(String(context.conversionSource), 200) }),
    },
  };
}

function quoteOf(context: Fields, frame: Frame): { replyTo?: string } {
  if (!isId(context.stanzaId)) return {};
  return { replyTo: messageKey(quotedChat(context, frame), context.stanzaId) };
}

/** A person may answer in private what was said in a group, or a status: it stands where it was said. */
function quotedChat({ remoteJid }: Fields, frame: Frame): string {
  const chat = bare(remoteJid);
  return chat === undefined || isNumber(chat) || isLid(chat) ? frame.chat : chat;
}

/** The quote as its sender shows it, which need not be what was said. */
function quotedDetails(context: Fields): Record<string, string> {
  const quoted = inner(context, 'quotedMessage');
  const [field, value] = Object.entries(quoted).find(([name]) => name !== 'messageContextInfo') ?? [];
  if (field === undefined) return {};
  const fields = isFields(value) ? value : { text: value };
  const said = textOf(fields.text) ?? textOf(fields.caption) ?? inWords(field, fields);
  const by = bare(context.participant);
  return {
    quotedType: shorten(field, 100),
    ...(said !== undefined && { quotedText: shorten(said, detailLengthMax) }),
    ...(by !== undefined && { quotedFrom: addressOf({ jid: by }, {}).value }),
  };
}

/** WhatsApp says that something was forwarded, not from whom, unless it was a channel. */
function forwardOf(context: Fields): { forwardedFrom?: string } {
  const channel = inner(context, 'forwardedNewsletterMessageInfo');
  const jid = bare(channel.newsletterJid);
  if (jid !== undefined) {
    return {
      forwardedFrom: shorten(`${textOf(channel.newsletterName) ?? ''} (${jid})`.trim(), forwardLengthMax),
    };
  }
  const score = countOf(context.forwardingScore) ?? 0;
  if (context.isForwarded !== true && score === 0) return {};
  return { forwardedFrom: score >= 5 ? 'unknown (forwarded many times)' : 'unknown' };
}

/** The key of the message that another one is about, by the key that its sender gives. */
export function targetOf(value: unknown, frame: Frame): { key: string; id: string } | undefined {
  const key = isFields(value) ? value : {};
  if (!isId(key.id)) return undefined;
  const chat = bare(key.remoteJid);
  const where = isGroup(chat) || chat === 'status@broadcast' ? (chat as string) : frame.chat;
  // Of a message in a group only that group is meant, whatever its sender says.
  return { id: key.id, key: messageKey(isGroup(frame.chat) ? frame.chat : where, key.id) };
}

/** The rest of a content as it came, without its bytes, for what has no place of its own. */
export function detailOf(value: unknown): string {
  const text = JSON.stringify(value, (name, each: unknown) => {
    if (heavy.test(name)) return undefined;
    return typeof each === 'string' ? each.toWellFormed() : each;
  });
  return shorten(text ?? '', detailLengthMax);
}

const heavy =
  /^(contextInfo|url|jpegThumbnail|thumbnail|waveform|mediaKey|encKey|.*(Sha256|Sidecar|DirectPath|Thumbnail)|directPath)$/;
