import type { CommunicationEvent, MessageEvent, Parsed } from 'archway/sdk';
import type { Frame } from './frame.js';
import { noticeKey } from './keys.js';

export const channel = 'whatsapp';

export function told(...events: CommunicationEvent[]): Parsed {
  return { kind: 'events', events: withOwnKeys(events) };
}

export const ignored = (reason: string): Parsed => ({ kind: 'ignored', reason });
export const unsupported = (reason: string): Parsed => ({ kind: 'unsupported', reason });

type Said = Pick<MessageEvent, 'key'> &
  Partial<Pick<MessageEvent, 'text' | 'attachments' | 'replyTo' | 'forwardedFrom' | 'provider'>>;

/** A message with the content that is given, from whom and to whom the frame says. */
export function messageOf(frame: Frame, { provider = {}, ...said }: Said): MessageEvent {
  return {
    kind: 'message',
    ...shared(frame),
    direction: frame.direction,
    from: frame.from,
    to: frame.to,
    attachments: [],
    ...said,
    ...(Object.keys(provider).length > 0 && { provider }),
  };
}

/** What every event of a message has. */
export function shared(frame: Frame) {
  const { chat, time, routing, author } = frame;
  const device = /:(\d{1,5})@/.exec(author.jid)?.[1];
  return {
    conversation: chat,
    channel,
    ...time,
    ...(Object.keys(routing).length > 0 && { routing }),
    ...(device !== undefined && { device: { device } }),
  };
}

/** Something that a member did to the chat itself, in words: it stands where the messages stand. */
export function noticeOf(
  frame: Frame,
  text: string,
  details: { provider?: Record<string, string>; replyTo?: string } = {},
): MessageEvent {
  const { provider = {}, replyTo } = details;
  return messageOf(frame, {
    key: noticeKey(frame.chat, frame.id),
    text,
    ...(replyTo !== undefined && { replyTo }),
    provider: { notice: 'true', ...provider },
  });
}

/** What several parts of one capture gave: events win, then what is not known; only what is all idle is ignored. */
export function together(outcomes: readonly Parsed[]): Parsed {
  const events = outcomes.flatMap((each) => (each.kind === 'events' ? each.events : []));
  if (events.length > 0) return told(...events);
  const other = outcomes.find((each) => each.kind === 'unsupported') ?? outcomes[0];
  return other ?? unsupported('nothing that is known');
}

/** Keys of one capture differ, whatever a sender puts into one message. */
function withOwnKeys(events: readonly CommunicationEvent[]): CommunicationEvent[] {
  const seen = new Map<string, number>();
  return events.map((event) => {
    const count = (seen.get(event.key) ?? 0) + 1;
    seen.set(event.key, count);
    return count === 1 ? event : { ...event, key: `${event.key}/${count}` };
  });
}
