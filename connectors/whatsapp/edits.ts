import type { CommunicationEvent } from 'archway/sdk';
import { attachmentsOf, holderOf } from './attachments.js';
import { type Fields, isFields, textOf } from './fields.js';
import type { Frame } from './frame.js';
import { editKey } from './keys.js';
import { shared } from './outcome.js';
import { inWords } from './words.js';
import { unwrap } from './wrappers.js';

/** The message as it reads now: its new text, and the files that it points to from now on. */
export function editOf(
  frame: Frame,
  target: { id: string; key: string },
  value: Fields,
  field: string,
): CommunicationEvent {
  const text = textOf(value.text) ?? textOf(value.caption) ?? inWords(field, value);
  return {
    kind: 'edit',
    ...shared(frame),
    key: editKey(frame.chat, frame.id),
    about: target.key,
    from: frame.from,
    ...(text !== undefined && { text }),
    attachments: attachmentsOf(field, value, { ...holderOf(frame), id: target.id }),
    provider: { type: field },
  };
}

/** The edit by a whole message that takes the place of the first one. */
export function editTo(frame: Frame, target: { id: string; key: string }, message: unknown) {
  const unwrapped = unwrap(isFields(message) ? message : {});
  const content = unwrapped.kind === 'contents' ? unwrapped.contents[0] : undefined;
  return content === undefined
    ? editOf(frame, target, {}, 'unknown')
    : editOf(frame, target, content.value, content.field);
}
