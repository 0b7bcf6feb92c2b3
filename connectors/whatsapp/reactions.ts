import type { Parsed } from 'archway/sdk';
import { targetOf } from './context.js';
import { type Fields, textOf } from './fields.js';
import type { Frame } from './frame.js';
import { reactionKey } from './keys.js';
import { shared, told, unsupported } from './outcome.js';
import { shorten } from './text.js';

const emojiLengthMax = 200;

/** Who reacts to what, and how from now on; an empty reaction takes the last one back. */
export function readReaction({ key, text }: Fields, frame: Frame): Parsed {
  const target = targetOf(key, frame);
  if (target === undefined) return unsupported('a reaction to no message');
  const emoji = textOf(text);
  return told({
    kind: 'reaction',
    ...shared(frame),
    key: reactionKey(frame.chat, frame.id),
    about: target.key,
    from: frame.from,
    emoji: emoji === undefined ? null : shorten(emoji, emojiLengthMax),
  });
}
