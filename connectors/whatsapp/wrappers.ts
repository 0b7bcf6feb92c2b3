import { type Fields, inner, isFields } from './fields.js';

/**
 * Fields that hold another message. Senders choose them, and nest them as they like; they say how a message is to be shown
 * or kept, so each record names the chain.
 */
const wrappers = new Set([
  ...[
    'associatedChildMessage',
    'botForwardedMessage',
    'botInvokeMessage',
    'botTaskMessage',
    'commentMessage',
  ],
  ...['deviceSentMessage', 'documentWithCaptionMessage', 'editedMessage', 'ephemeralMessage'],
  ...['eventCoverImage', 'groupMentionedMessage', 'groupStatusMentionMessage', 'groupStatusMessage'],
  ...['groupStatusMessageV2', 'limitSharingMessage', 'lottieStickerMessage', 'pollCreationMessageV4'],
  ...['pollCreationOptionImageMessage', 'questionMessage', 'questionReplyMessage', 'statusAddYours'],
  ...['statusMentionMessage', 'viewOnceMessage', 'viewOnceMessageV2', 'viewOnceMessageV2Extension'],
]);

/** What is no content: keys for groups, and what a message carries about itself. */
const beside = new Set([
  'messageContextInfo',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
]);

const depthMax = 16;

/** One content of a message, with the wrappers around it from the outside in. */
export interface Content {
  readonly field: string;
  readonly value: Fields;
  readonly chain: readonly string[];
  /** Keys of messages that wrappers name as what theirs is about. */
  readonly targets: readonly unknown[];
}

export type Unwrapped =
  | { readonly kind: 'contents'; readonly contents: readonly Content[] }
  | { readonly kind: 'empty' | 'idle' | 'too-deep' };

/** Every content of a message, from within its wrappers. `idle`: it holds nothing but keys. */
export function unwrap(message: Fields): Unwrapped {
  const contents: Content[] = [];
  const seen = { idle: false, tooDeep: false };
  open({ field: '', value: message, chain: [], targets: [] }, contents, seen);
  if (contents.length > 0) return { kind: 'contents', contents };
  if (seen.tooDeep) return { kind: 'too-deep' };
  return { kind: seen.idle ? 'idle' : 'empty' };
}

function open(
  { value, chain, targets }: Content,
  contents: Content[],
  seen: { idle: boolean; tooDeep: boolean },
): void {
  if (chain.length > depthMax) {
    seen.tooDeep = true;
    return;
  }
  for (const [field, each] of Object.entries(value)) {
    if (each === null || each === undefined) continue;
    if (beside.has(field)) {
      if (field !== 'messageContextInfo') seen.idle = true;
      continue;
    }
    const fields = isFields(each) ? each : { text: each };
    if (!wrappers.has(field)) {
      contents.push({ field, value: fields, chain, targets });
      continue;
    }
    const target = fields.targetMessageKey;
    open(
      {
        field,
        value: inner(fields, 'message'),
        chain: [...chain, field],
        targets: target === undefined ? targets : [...targets, target],
      },
      contents,
      seen,
    );
  }
}
