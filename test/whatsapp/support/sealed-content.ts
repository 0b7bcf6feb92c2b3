import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { seal } from './seal.js';

/** What votes in the poll, and edits of the message, are sealed under. */
const secret = Buffer.alloc(32, 7);
const messageContextInfo = { messageSecret: secret };

/** When? Monday, or Friday. */
export const pollContent = {
  pollCreationMessageV3: { name: 'When?', options: [{ optionName: 'Monday' }, { optionName: 'Friday' }] },
  messageContextInfo,
};

export interface Vote {
  /** Id of the poll. */
  readonly poll: string;
  readonly chat: { readonly jid: string };
  readonly author: { readonly jid: string };
  readonly voter: { readonly jid: string };
}

/** A vote in that poll for Friday, sealed as a phone does it. */
export function voteForFriday({ poll, chat, author, voter }: Vote): proto.IMessage {
  const { PollVoteMessage } = proto.Message;
  const vote = PollVoteMessage.create({ selectedOptions: [createHash('sha256').update('Friday').digest()] });
  const names = { originalId: poll, originalSender: author.jid, sender: voter.jid };
  return {
    pollUpdateMessage: {
      pollCreationMessageKey: { id: poll, participant: author.jid, remoteJid: chat.jid },
      vote: seal(PollVoteMessage.encode(vote).finish(), { secret, use: 'Poll Vote', ...names }),
    },
  };
}

/** A message that can be edited. */
export const editable = { conversation: 'before', messageContextInfo };

/** Its author's edit of it, sealed as a phone does it. */
export function sealedEdit(
  original: string,
  author: { readonly lidJid: string },
  text: string,
): proto.IMessage {
  const edited = {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
      editedMessage: { conversation: text },
    },
  };
  const names = { originalId: original, originalSender: author.lidJid, sender: author.lidJid };
  const plain = proto.Message.encode(proto.Message.create(edited)).finish();
  const sealed = seal(plain, { secret, use: 'Message Edit', ...names });
  return { secretEncryptedMessage: { targetMessageKey: { id: original }, secretEncType: 2, ...sealed } };
}
