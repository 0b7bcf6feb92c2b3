import type { Parsed } from 'archway/sdk';
import { targetOf } from './context.js';
import { editTo } from './edits.js';
import { countOf, enumName, type Fields, inner, textOf } from './fields.js';
import type { Frame } from './frame.js';
import { isSame } from './jid.js';
import { deletionKey } from './keys.js';
import { ignored, noticeOf, shared, told, unsupported } from './outcome.js';
import { shorten } from './text.js';

/** As they are numbered in WhatsApp's `ProtocolMessage.Type`. */
const types: Readonly<Record<number, string>> = {
  0: 'REVOKE',
  3: 'EPHEMERAL_SETTING',
  4: 'EPHEMERAL_SYNC_RESPONSE',
  5: 'HISTORY_SYNC_NOTIFICATION',
  6: 'APP_STATE_SYNC_KEY_SHARE',
  7: 'APP_STATE_SYNC_KEY_REQUEST',
  8: 'MSG_FANOUT_BACKFILL_REQUEST',
  9: 'INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC',
  10: 'APP_STATE_FATAL_EXCEPTION_NOTIFICATION',
  11: 'SHARE_PHONE_NUMBER',
  14: 'MESSAGE_EDIT',
  16: 'PEER_DATA_OPERATION_REQUEST_MESSAGE',
  17: 'PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE',
  18: 'REQUEST_WELCOME_MESSAGE',
  19: 'BOT_FEEDBACK_MESSAGE',
  20: 'MEDIA_NOTIFY_MESSAGE',
  21: 'CLOUD_API_THREAD_CONTROL_NOTIFICATION',
  22: 'LID_MIGRATION_MAPPING_SYNC',
  23: 'REMINDER_MESSAGE',
  24: 'BOT_MEMU_ONBOARDING_MESSAGE',
  25: 'STATUS_MENTION_MESSAGE',
  26: 'STOP_GENERATION_MESSAGE',
  27: 'LIMIT_SHARING',
  28: 'AI_PSI_METADATA',
  29: 'AI_QUERY_FANOUT',
  30: 'GROUP_MEMBER_LABEL_CHANGE',
};

/** What the account's own devices tell each other. From anybody else it is no such thing, whatever it says. */
const amongOwnDevices: Readonly<Record<string, string>> = {
  EPHEMERAL_SYNC_RESPONSE: 'settings of chats, between own devices',
  HISTORY_SYNC_NOTIFICATION: 'where past messages are; they come one by one',
  APP_STATE_SYNC_KEY_SHARE: 'keys of the app state, between own devices',
  APP_STATE_SYNC_KEY_REQUEST: 'keys of the app state, between own devices',
  APP_STATE_FATAL_EXCEPTION_NOTIFICATION: 'a fault of the app state, between own devices',
  MSG_FANOUT_BACKFILL_REQUEST: 'a request between own devices',
  INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC: 'a setting, between own devices',
  PEER_DATA_OPERATION_REQUEST_MESSAGE: 'a request between own devices',
  PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE:
    "the phone's answer to a request; messages in it come one by one",
  LID_MIGRATION_MAPPING_SYNC: 'names of chats, between own devices; each mapping comes by itself',
  MEDIA_NOTIFY_MESSAGE: 'a notice about media, between own devices',
};

/** Between the app and an assistant, about how it works. */
const aboutAssistants = new Set([
  ...['REQUEST_WELCOME_MESSAGE', 'BOT_FEEDBACK_MESSAGE', 'BOT_MEMU_ONBOARDING_MESSAGE'],
  ...['STOP_GENERATION_MESSAGE', 'AI_PSI_METADATA', 'AI_QUERY_FANOUT'],
]);

/** A message that does something to another one or to the chat, or that the apps talk in. */
export function readProtocol(value: Fields, frame: Frame): Parsed {
  const type = enumName(value.type, types) ?? (value.key === undefined ? 'none' : 'REVOKE');
  const own = Object.hasOwn(amongOwnDevices, type) ? amongOwnDevices[type] : undefined;
  if (own !== undefined) {
    return frame.fromMe ? ignored(own) : unsupported('what only own devices may say, from somebody else');
  }
  if (aboutAssistants.has(type)) return ignored('how an assistant works');
  if (type === 'REVOKE') return readRevoke(value, frame);
  if (type === 'MESSAGE_EDIT') {
    const target = targetOf(value.key, frame);
    if (target === undefined) return unsupported('an edit of no message');
    return told(editTo(frame, target, value.editedMessage));
  }
  const text = changeOf(type, value);
  return text === undefined
    ? unsupported(`a protocol message of the type ${/^[A-Z0-9_]{1,60}$/.test(type) ? type : 'unknown'}`)
    : told(noticeOf(frame, text, { provider: { type } }));
}

function changeOf(type: string, value: Fields): string | undefined {
  if (type === 'EPHEMERAL_SETTING') return disappearing(countOf(value.ephemeralExpiration) ?? 0);
  if (type === 'SHARE_PHONE_NUMBER') return 'Shared the phone number';
  if (type === 'REMINDER_MESSAGE') return 'Set a reminder of the message';
  if (type === 'STATUS_MENTION_MESSAGE') return 'Mentioned the chat in a status';
  if (type === 'LIMIT_SHARING') {
    const { sharingLimited } = inner(value, 'limitSharing');
    return sharingLimited === true
      ? 'Limited the sharing of messages'
      : 'No longer limits the sharing of messages';
  }
  if (type === 'GROUP_MEMBER_LABEL_CHANGE') {
    return `Member label: ${shorten(textOf(inner(value, 'memberLabel').label) ?? 'none', 500)}`;
  }
  return undefined;
}

export function disappearing(seconds: number): string {
  return seconds === 0
    ? 'Turned disappearing messages off'
    : `Turned disappearing messages on: ${seconds} seconds`;
}

/** A sender takes a message back, or an administrator somebody else's. The original stays on record. */
function readRevoke({ key }: Fields, frame: Frame): Parsed {
  const target = targetOf(key, frame);
  if (target === undefined) return unsupported('a revoke of no message');
  const { participant } = key as Fields;
  const others = participant !== undefined && participant !== '' && !isOfAuthor(participant, frame);
  return told({
    kind: 'deletion',
    ...shared(frame),
    key: deletionKey(frame.chat, frame.id),
    about: target.key,
    from: frame.from,
    provider: { revokedBy: others ? 'administrator' : 'sender' },
  });
}

function isOfAuthor(jid: unknown, { author, own, fromMe }: Frame): boolean {
  return (
    isSame(jid, author.jid) || isSame(jid, author.alt) || (fromMe && own.some((each) => isSame(each, jid)))
  );
}
