import type { MessageEvent, Parsed } from 'archway/sdk';
import { attachmentsOf, fileDetails, holderOf } from './attachments.js';
import { readCallLog } from './calls.js';
import { contextOf, detailOf, targetOf } from './context.js';
import { editOf } from './edits.js';
import { type Fields, inner, textOf } from './fields.js';
import type { Frame } from './frame.js';
import { gapOf } from './gaps.js';
import { messageKey } from './keys.js';
import { ignored, messageOf, noticeOf, together, told, unsupported } from './outcome.js';
import { readProtocol } from './protocol.js';
import { readReaction } from './reactions.js';
import { readSealed, readVote } from './sealed.js';
import { inWords } from './words.js';
import { type Content, unwrap } from './wrappers.js';

/** Reads one content of a message. `content.chain`: what it was wrapped in. */
type Reader = (content: Content, frame: Frame) => Parsed;

const keepNames: Readonly<Record<string, string>> = {
  1: 'Kept the message in the chat',
  KEEP_FOR_ALL: 'Kept the message in the chat',
  2: 'No longer keeps the message in the chat',
  UNDO_KEEP_FOR_ALL: 'No longer keeps the message in the chat',
};
const pinNames: Readonly<Record<string, string>> = {
  1: 'Pinned the message',
  PIN_FOR_ALL: 'Pinned the message',
  2: 'Unpinned the message',
  UNPIN_FOR_ALL: 'Unpinned the message',
};

/** Contents that are more than something said. */
const special: Readonly<Record<string, Reader>> = {
  protocolMessage: ({ value }, frame) => readProtocol(value, frame),
  reactionMessage: ({ value }, frame) => readReaction(value, frame),
  pollUpdateMessage: ({ value }, frame) => readVote(value, frame),
  secretEncryptedMessage: readSealed,
  encReactionMessage: readSealed,
  encCommentMessage: readSealed,
  encEventResponseMessage: readSealed,
  callLogMesssage: ({ value }, frame) => readCallLog(value, frame),
  placeholderMessage: (_, frame) => told(gapOf(frame, 'placeholder')),
  stickerSyncRmrMessage: () => ignored('a request of the app for its own stickers'),
  keepInChatMessage: ({ value }, frame) => change(value, frame, keepNames[String(value.keepType)]),
  pinInChatMessage: ({ value }, frame) => change(value, frame, pinNames[String(value.type)]),
};

function change({ key }: Fields, frame: Frame, text: string | undefined): Parsed {
  const target = targetOf(key, frame);
  if (text === undefined || target === undefined)
    return unsupported('a change of a message in no known form');
  return told(noticeOf(frame, text, { replyTo: target.key }));
}

/** Contents that are said, whether in a text or in anything else that people see. */
const said = new Set([
  ...['albumMessage', 'audioMessage', 'bcallMessage', 'buttonsMessage', 'buttonsResponseMessage', 'call'],
  ...['cancelPaymentRequestMessage', 'chat', 'contactMessage', 'contactsArrayMessage', 'conversation'],
  ...['declinePaymentRequestMessage', 'documentMessage', 'eventMessage', 'extendedTextMessage'],
  ...['groupInviteMessage', 'highlyStructuredMessage', 'imageMessage', 'interactiveMessage'],
  ...['interactiveResponseMessage', 'invoiceMessage', 'listMessage', 'listResponseMessage'],
  ...['liveLocationMessage', 'locationMessage', 'messageHistoryBundle', 'messageHistoryNotice'],
  ...['newsletterAdminInviteMessage', 'newsletterFollowerInviteMessageV2', 'orderMessage'],
  ...['paymentInviteMessage', 'pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3'],
  ...['pollCreationMessageV5', 'pollResultSnapshotMessage', 'pollResultSnapshotMessageV3'],
  ...['productMessage', 'ptvMessage', 'questionResponseMessage', 'requestPaymentMessage'],
  ...['requestPhoneNumberMessage', 'richResponseMessage', 'scheduledCallCreationMessage'],
  ...['scheduledCallEditMessage', 'sendPaymentMessage', 'statusNotificationMessage'],
  ...['statusQuestionAnswerMessage', 'statusQuotedMessage', 'statusStickerInteractionMessage'],
  ...[
    'stickerMessage',
    'stickerPackMessage',
    'templateButtonReplyMessage',
    'templateMessage',
    'videoMessage',
  ],
]);

/** Contents whose text and file say everything; of the others the object stands among the details. */
const plain = new Set([
  ...['audioMessage', 'conversation', 'documentMessage', 'extendedTextMessage', 'imageMessage'],
  ...['ptvMessage', 'stickerMessage', 'videoMessage'],
]);

/** What a decrypted message says: events, or why there are none. */
export function readContent(message: Fields, frame: Frame): Parsed {
  const unwrapped = unwrap(message);
  if (unwrapped.kind === 'contents') {
    const whole = withAssociation(frame, message);
    return together(unwrapped.contents.map((content) => readOne(content, whole)));
  }
  if (unwrapped.kind === 'idle') return ignored('keys for a group, and nothing said');
  if (unwrapped.kind === 'too-deep') return unsupported('a message in too many wrappers');
  return unsupported('a message of a type that is not known here');
}

function readOne(content: Content, frame: Frame): Parsed {
  const { field, chain } = content;
  const wrapped = withChain(frame, chain);
  if (chain.includes('editedMessage') && field !== 'protocolMessage') {
    return told(
      editOf(wrapped, { id: frame.id, key: messageKey(frame.chat, frame.id) }, content.value, field),
    );
  }
  const reader = Object.hasOwn(special, field) ? special[field] : undefined;
  if (reader !== undefined) return reader(content, wrapped);
  if (!said.has(field)) return unsupported(`a message of the type ${nameOf(field)}`);
  return told(readSaid(content, wrapped));
}

/** The message that this one is a part of, such as the album that an image is in. */
function withAssociation(frame: Frame, message: Fields): Frame {
  const { parentMessageKey } = inner(message, 'messageContextInfo', 'messageAssociation');
  const parent = targetOf(parentMessageKey, frame);
  return parent === undefined ? frame : { ...frame, routing: { ...frame.routing, partOf: parent.key } };
}

function withChain(frame: Frame, chain: readonly string[]): Frame {
  if (chain.length === 0) return frame;
  return { ...frame, routing: { ...frame.routing, wrappers: chain.join(' > ') } };
}

/** Something said, in text or in words that stand for it. */
function readSaid({ field, value, targets }: Content, frame: Frame): MessageEvent {
  const { provider, replyTo, ...context } = contextOf(value, frame);
  const target = targets.map((each) => targetOf(each, frame)?.key).find((key) => key !== undefined);
  const answers = replyTo ?? target ?? targetOf(value.key, frame)?.key;
  const text = textIn(field, value);
  return messageOf(frame, {
    key: messageKey(frame.chat, frame.id),
    ...context,
    ...(answers !== undefined && { replyTo: answers }),
    ...(text !== undefined && { text }),
    attachments: attachmentsOf(field, value, holderOf(frame)),
    provider: {
      type: field,
      ...provider,
      ...fileDetails(value),
      ...(!plain.has(field) && { content: detailOf(value) }),
    },
  });
}

export function textIn(field: string, value: Fields): string | undefined {
  return plain.has(field) ? (textOf(value.text) ?? textOf(value.caption)) : inWords(field, value);
}

/** A type that is none of ours is named only when it looks like one of WhatsApp's: a reason holds no content. */
function nameOf(field: string): string {
  return /^[A-Za-z0-9]{1,60}$/.test(field) ? field : 'unknown';
}
