import type { CommunicationEvent, z } from 'archway/sdk';
import { messageKey, scopeOf } from './keys.js';
import type { deletedSchema } from './schemas.js';

/** Messages of a business account that were deleted, by whichever side: Telegram does not say by whom, nor when. */
export function readDeletions(deleted: z.infer<typeof deletedSchema>): CommunicationEvent[] {
  const { chat, business_connection_id: connectionId, message_ids: ids } = deleted;
  return [...new Set(ids)].map((id) => ({
    kind: 'deletion' as const,
    key: `deletion/${messageKey(chat.id, id, connectionId)}`,
    about: messageKey(chat.id, id, connectionId),
    conversation: scopeOf(chat.id, connectionId),
    channel: 'telegram',
  }));
}
