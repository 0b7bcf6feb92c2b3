import type { proto } from '@whiskeysockets/baileys';
import type { StateChanges } from 'archway/sdk';
import type { Library } from './library.js';

/** What later edits, votes and the like of a message are sealed under, and what it takes to open them. */
export interface KeptSecret {
  readonly secret: string;
  /** Names under which the sender may stand in the derivation of the key: number and LID, as bare jids. */
  readonly senders: readonly string[];
  /** Of a poll: what could be voted for. Votes hold digests only. */
  readonly options?: readonly string[];
}

/** Groups of names. What is about a poll or an event may come long after it; all else is about messages of the last days. */
export const secretGroup = 'secret';
export const lastingGroup = 'lasting-secret';

/** What secrets are kept under, behind their group. */
export const subjectOf = (chat: string, id: string) => `${chat}/${id}`;

/** The names under which the secret of a message may be kept. */
export const secretNames = (chat: string, id: string) =>
  [secretGroup, lastingGroup].map((group) => `${group}/${subjectOf(chat, id)}`);

/** The subject of a name of a secret; undefined for any other name. */
export function subjectIn(name: string): string | undefined {
  const group = [secretGroup, lastingGroup].find((each) => name.startsWith(`${each}/`));
  return group === undefined ? undefined : name.slice(group.length + 1);
}

/** The content without its wrappers: what the phone itself sent, what disappears, what may be seen once. */
export function contentOf(message: proto.IMessage, { normalizeMessageContent }: Library): proto.IMessage {
  const inner = message.deviceSentMessage?.message ?? message;
  return normalizeMessageContent(inner) ?? inner;
}

/** The secret that a message brings, to be kept under its chat and id. */
export function secretIn(
  message: proto.IMessage,
  { chat, id, senders }: { readonly chat: string; readonly id: string; readonly senders: readonly string[] },
  library: Library,
): StateChanges {
  const outer = message.deviceSentMessage?.message ?? message;
  const content = contentOf(message, library);
  const bytes =
    outer.messageContextInfo?.messageSecret ??
    message.messageContextInfo?.messageSecret ??
    content.messageContextInfo?.messageSecret;
  if (!bytes || bytes.length === 0) return {};
  const options = optionsOf(content);
  const kept: KeptSecret = {
    secret: Buffer.from(bytes).toString('base64'),
    senders,
    ...(options.length > 0 && { options }),
  };
  const lasting = options.length > 0 || Boolean(content.eventMessage);
  return { [`${lasting ? lastingGroup : secretGroup}/${subjectOf(chat, id)}`]: JSON.stringify(kept) };
}

/** What of a kept secret `parse` is given. */
export function withSecret(text: string | undefined): object {
  if (text === undefined) return {};
  const { secret, senders, options } = JSON.parse(text) as KeptSecret;
  return { secret, original: { senders, ...(options !== undefined && { options }) } };
}

function optionsOf(content: proto.IMessage): string[] {
  const { pollCreationMessage, pollCreationMessageV2, pollCreationMessageV3 } = content;
  const poll = pollCreationMessage ?? pollCreationMessageV2 ?? pollCreationMessageV3;
  return poll?.options?.flatMap(({ optionName }) => optionName ?? []) ?? [];
}

/** Id of the earlier message whose secret this one needs. */
export function neededBy(message: proto.IMessage, library: Library): string | undefined {
  const content = contentOf(message, library);
  const key =
    content.secretEncryptedMessage?.targetMessageKey ??
    content.pollUpdateMessage?.pollCreationMessageKey ??
    content.encReactionMessage?.targetMessageKey ??
    content.encCommentMessage?.targetMessageKey ??
    content.encEventResponseMessage?.eventCreationMessageKey;
  return key?.id ?? undefined;
}
