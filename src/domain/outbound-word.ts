import { type OwnEvent, outboundKey } from '../sdk/index.js';
import type { OutboundDraft } from './outbound-draft.js';

/** What the gateway itself can say of something that it was asked to send. */
export type OutboundWord = 'accepted' | 'refused' | 'rejected' | 'indeterminate';

/** A word of ours about a message or a call that we were asked for; at most one of each status. */
export function outboundWord(
  id: string,
  { route, ring }: OutboundDraft,
  status: OutboundWord,
  error?: { readonly code: string; readonly message: string },
): OwnEvent {
  const word = {
    key: `${outboundKey(id)}/${status}`,
    about: outboundKey(id),
    conversation: route.conversation,
    channel: route.channel,
    from: route.from,
    to: [route.to],
    status,
    ...(error !== undefined && { error }),
  };
  return ring === undefined ? { kind: 'receipt', ...word } : { kind: 'call', direction: 'outbound', ...word };
}
