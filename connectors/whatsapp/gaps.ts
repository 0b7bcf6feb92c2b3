import type { CommunicationEvent, Parsed } from 'archway/sdk';
import type { Frame } from './frame.js';
import { gapKey, messageKey } from './keys.js';
import { channel, ignored, shared } from './outcome.js';

/** Why something that was sent cannot be read. */
export type GapReason = 'view-once' | 'undecryptable' | 'placeholder' | 'secret-missing' | 'history-missing';

const details: Readonly<Record<GapReason, string>> = {
  'view-once': 'WhatsApp shows media that can be seen once on the phone only; its content is not sent here.',
  undecryptable: 'A message came that could not be decrypted. Its sender was asked for it again.',
  placeholder: 'WhatsApp announced a message without its content. The phone was asked for it.',
  'history-missing': 'The phone announced a part of the past that could not be fetched.',
  'secret-missing':
    'An edit, a vote or the like came sealed under the secret of an earlier message, which is not known here.',
};

/** That something is missing, until it comes after all under the same id. */
export function gapOf(frame: Frame, reason: GapReason, about = messageKey(frame.chat, frame.id)) {
  return {
    kind: 'gap' as const,
    ...shared(frame),
    key: gapKey(frame.chat, frame.id),
    about,
    state: 'open' as const,
    reason,
    detail: details[reason],
  };
}

const stillUnread =
  'What could not be read before came again, and cannot be read now either; its gap stays open.';

/** Adds the closing of the gap to what was read, where the session says that there was one. */
export function withClosing(parsed: Parsed, frame: Frame): Parsed {
  if (frame.shared.closes !== true || parsed.kind !== 'events') return parsed;
  const opened = gapKey(frame.chat, frame.id);
  // What came is no more to be read than what did not come: the gap that there is stays open.
  const others = parsed.events.filter(({ key }) => key !== opened);
  if (others.length === 0) return ignored(stillUnread);
  if (others.length < parsed.events.length) return { kind: 'events', events: others };
  return { kind: 'events', events: [...parsed.events, closingOf(frame)] };
}

/** That the gap of this message is closed. */
export function closingOf(frame: Frame): CommunicationEvent {
  const opened = gapKey(frame.chat, frame.id);
  return {
    kind: 'gap',
    ...shared(frame),
    key: `${opened}/closed`,
    about: opened,
    channel,
    state: 'closed',
    reason: 'received-later',
    detail: 'What could not be read at first came after all.',
  };
}
