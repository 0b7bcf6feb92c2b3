import { createHash } from 'node:crypto';
import type { Parsed } from 'archway/sdk';
import { attachmentsOf, holderOf } from './attachments.js';
import { targetOf } from './context.js';
import { editTo } from './edits.js';
import { bytesOf, enumName, type Fields, inner, textOf, textsOf } from './fields.js';
import { type Frame, namesOf, originalOf, secretOf } from './frame.js';
import { gapOf } from './gaps.js';
import { messageKey, voteKey } from './keys.js';
import { messageOf, noticeOf, told, unsupported } from './outcome.js';
import { readReaction } from './reactions.js';
import { openSealed, type SecretUse, sealedParts } from './secrets.js';
import { eventResponse, message, pollVote, reaction, type WireType } from './wire.js';
import { inWords } from './words.js';
import { type Content, unwrap } from './wrappers.js';

interface Target {
  readonly id: string;
  readonly key: string;
}

/** What is inside, or the gap where the secret is not known or does not fit. */
function opened(
  frame: Frame,
  { use, key, parts, type }: { use: SecretUse; key: unknown; parts: Fields; type: WireType },
  read: (inside: Fields, target: Target) => Parsed,
): Parsed {
  const target = targetOf(key, frame);
  const sealed = sealedParts(parts);
  if (target === undefined || sealed === undefined) return unsupported('something sealed, about no message');
  const secret = secretOf(frame);
  if (secret === undefined) return told(gapOf(frame, 'secret-missing', target.key));
  const { participant, remoteJid } = key as Fields;
  const senders = namesOf(frame, frame.author.jid, frame.author.alt);
  // Its own words about who said the original come last: they depend on who looks.
  const originals = namesOf(
    frame,
    ...originalOf(frame).senders,
    participant,
    remoteJid,
    ...senders,
    ...frame.own,
  );
  const inside = openSealed(
    { use, secret, originalId: target.id, originalSenders: originals, senders, ...sealed },
    type,
  );
  return inside === undefined ? told(gapOf(frame, 'secret-missing', target.key)) : read(inside, target);
}

/** A vote names the digests of the options that are chosen now; none takes the vote back. */
export function readVote(value: Fields, frame: Frame): Parsed {
  const vote = { use: 'Poll Vote' as const, key: value.pollCreationMessageKey, parts: inner(value, 'vote') };
  return opened(frame, { ...vote, type: pollVote }, (inside, target) =>
    told(voteOf(frame, textsOf(inside.selectedOptions), originalOf(frame).options, target.key)),
  );
}

const optionsMax = 100;

export function voteOf(frame: Frame, digests: readonly string[], options: readonly string[], about: string) {
  const names = new Map(options.map((option) => [createHash('sha256').update(option).digest('hex'), option]));
  const chosen = digests.slice(0, optionsMax).map((digest) => {
    const hex = Buffer.from(bytesOf(digest) ?? []).toString('hex');
    return names.get(hex) ?? `the option with the digest ${hex.slice(0, 64)}`;
  });
  return messageOf(frame, {
    key: voteKey(frame.chat, frame.id),
    text: chosen.length === 0 ? 'Took the vote back' : `Voted for: ${chosen.join(', ')}`,
    replyTo: about,
    provider: { type: 'pollUpdateMessage' },
  });
}

function commentOf(inside: Fields, frame: Frame, about: string) {
  const unwrapped = unwrap(inside);
  const content = unwrapped.kind === 'contents' ? unwrapped.contents[0] : undefined;
  const field = content?.field ?? 'unknown';
  const value = content?.value ?? {};
  const text = textOf(value.text) ?? textOf(value.caption) ?? inWords(field, value);
  return messageOf(frame, {
    key: messageKey(frame.chat, frame.id),
    ...(text !== undefined && { text }),
    replyTo: about,
    attachments: attachmentsOf(field, value, holderOf(frame)),
    provider: { type: field, comment: 'true' },
  });
}

const editTypes: Readonly<Record<number, string>> = { 1: 'EVENT_EDIT', 2: 'MESSAGE_EDIT' };
const responses: Readonly<Record<string, string>> = { 1: 'Going', 2: 'Not going', 3: 'Maybe' };

/** Whatever else is sealed under the secret of the message that it is about. */
export function readSealed({ field, value }: Content, frame: Frame): Parsed {
  const key = value.targetMessageKey ?? value.eventCreationMessageKey;
  const sealed = { key, parts: value };
  if (field === 'encReactionMessage') {
    return opened(frame, { ...sealed, use: 'Enc Reaction', type: reaction }, (inside) =>
      readReaction({ ...inside, key }, frame),
    );
  }
  if (field === 'encCommentMessage') {
    return opened(frame, { ...sealed, use: 'Enc Comment', type: message }, (inside, target) =>
      told(commentOf(inside, frame, target.key)),
    );
  }
  if (field === 'encEventResponseMessage') {
    return opened(frame, { ...sealed, use: 'Event Response', type: eventResponse }, (inside, target) =>
      told(
        noticeOf(frame, responses[String(inside.response)] ?? 'Answered the invitation', {
          replyTo: target.key,
        }),
      ),
    );
  }
  const type = enumName(value.secretEncType, editTypes);
  if (type !== 'MESSAGE_EDIT' && type !== 'EVENT_EDIT')
    return unsupported('something sealed, of no known type');
  const use = type === 'MESSAGE_EDIT' ? 'Message Edit' : 'Event Edit';
  return opened(frame, { ...sealed, use, type: message }, (inside, target) => {
    const edited = inner(inside, 'protocolMessage').editedMessage;
    return told(editTo(frame, target, edited ?? inside));
  });
}
