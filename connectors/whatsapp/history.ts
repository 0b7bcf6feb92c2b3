import type { CallStatus, CommunicationEvent, Parsed } from 'archway/sdk';
import { loggedCall } from './calls.js';
import { readContent } from './content.js';
import { enumName, type Fields, fieldsOf, inner, listOf, textOf, textsOf } from './fields.js';
import { type Frame, frameOfHistory, type Surroundings } from './frame.js';
import { gapOf } from './gaps.js';
import { type Action, membershipOf } from './groups.js';
import { isLid, isNumber, type Party, readJid } from './jid.js';
import { deletionKey, isId, messageKey } from './keys.js';
import { ignored, noticeOf, shared, told, unsupported } from './outcome.js';
import { readReaction } from './reactions.js';
import { pastReceipts } from './receipts.js';
import { voteOf } from './sealed.js';
import { stubNames } from './stubs.js';

/** A message of the past, with what the phone knows of its reactions, votes and receipts. */
export function readHistory(
  message: Fields,
  surroundings: Surroundings,
): { parsed: Parsed; frame: Frame | undefined } {
  const frame = frameOfHistory(message, inner(message, 'key'), surroundings);
  if (frame === undefined)
    return { frame, parsed: unsupported('a message of the past without a proper key') };
  const said = contentOf(message, frame);
  const about = [...reactionsOf(message, frame), ...votesOf(message, frame), ...pastReceipts(message, frame)];
  if (said.kind !== 'events' || about.length === 0) return { frame, parsed: said };
  return { frame, parsed: told(...said.events, ...about) };
}

function contentOf(message: Fields, frame: Frame): Parsed {
  const content = fieldsOf(message.message);
  if (Object.keys(content).length > 0) return readContent(content, frame);
  const stub = enumName(message.messageStubType, stubNames);
  if (stub !== undefined && stub !== 'UNKNOWN')
    return readStub(stub, textsOf(message.messageStubParameters), frame);
  return told(gapOf(frame, 'placeholder'));
}

const memberStubs: Readonly<Record<string, Action>> = {
  GROUP_PARTICIPANT_ADD: 'added',
  GROUP_PARTICIPANT_ADD_REQUEST_JOIN: 'added',
  GROUP_PARTICIPANT_INVITE: 'joined',
  GROUP_PARTICIPANT_ACCEPT: 'joined',
  GROUP_PARTICIPANT_LINKED_GROUP_JOIN: 'joined',
  GROUP_PARTICIPANT_REMOVE: 'removed',
  GROUP_PARTICIPANT_LEAVE: 'left',
  GROUP_PARTICIPANT_PROMOTE: 'promoted',
  COMMUNITY_PARTICIPANT_PROMOTE: 'promoted',
  GROUP_PARTICIPANT_DEMOTE: 'demoted',
  COMMUNITY_PARTICIPANT_DEMOTE: 'demoted',
};

const callStubs: Readonly<Record<string, CallStatus>> = {
  CALL_MISSED_VOICE: 'no-answer',
  CALL_MISSED_VIDEO: 'no-answer',
  CALL_MISSED_GROUP_VOICE: 'no-answer',
  CALL_MISSED_GROUP_VIDEO: 'no-answer',
  SILENCED_UNKNOWN_CALLER_AUDIO: 'no-answer',
  SILENCED_UNKNOWN_CALLER_VIDEO: 'no-answer',
};

const gapStubs = {
  CIPHERTEXT: 'undecryptable',
  FUTUREPROOF: 'placeholder',
  OVERSIZED: 'placeholder',
} as const;

/** Lines that the app itself puts into a chat, about its own workings. */
const idle =
  /^(E2E_|BIZ_|BLUE_MSG_|VERIFIED_|NON_VERIFIED|UNVERIFIED|SYNC|CHAT_PSA|SUPPORT_|GENERIC_NOTIFICATION)/;

/** What the phone notes in a chat without a message. */
function readStub(stub: string, parameters: readonly string[], frame: Frame): Parsed {
  const action = own(memberStubs, stub);
  if (action !== undefined) return told(membershipOf(frame, action, parameters.flatMap(partyIn)));
  const status = own(callStubs, stub);
  if (status !== undefined) return told(loggedCall(frame, status, { provider: { stub } }));
  const gap = own(gapStubs, stub);
  if (gap !== undefined) return told(gapOf(frame, gap));
  if (stub === 'REVOKE' || stub === 'ADMIN_REVOKE') return told(deletionOf(stub, frame));
  if (stub === 'GROUP_CREATE' || stub === 'GROUP_CHANGE_SUBJECT') {
    const done = stub === 'GROUP_CREATE' ? 'created' : 'renamed';
    return told(membershipOf(frame, done, [], { title: parameters[0] }));
  }
  if (idle.test(stub)) return ignored('a line of the app about itself');
  if (!/^[A-Z0-9_]{1,80}$/.test(stub)) return unsupported('a line of the app that is not known here');
  const words = stub.toLowerCase().replaceAll('_', ' ');
  return told(noticeOf(frame, [words, ...parameters].join(': '), { provider: { stub } }));
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** A message that was taken back before this device was linked: what it said is not to be had. */
function deletionOf(stub: string, frame: Frame): CommunicationEvent {
  return {
    kind: 'deletion',
    ...shared(frame),
    key: deletionKey(frame.chat, `${frame.id}/past`),
    about: messageKey(frame.chat, frame.id),
    provider: { revokedBy: stub === 'ADMIN_REVOKE' ? 'administrator' : 'sender' },
  };
}

/** A member stands there as a jid, or as JSON with both names. */
function partyIn(parameter: string): Party[] {
  if (readJid(parameter) !== undefined) return [{ jid: parameter }];
  const { id, phoneNumber, lid } = fieldsOf(readJson(parameter));
  if (typeof id !== 'string' || readJid(id) === undefined) return [];
  const others = [phoneNumber, lid].flatMap((each) => textOf(each) ?? []);
  return [{ jid: id, alt: others.find(isLid(id) ? isNumber : isLid) }];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const addOnsMax = 1_000;

/** Somebody else's act on this message, as a frame of its own. */
function actorOf(key: Fields, time: unknown, frame: Frame): Frame | undefined {
  const jid = textOf(key.participant) ?? (key.fromMe === true ? frame.own[0] : undefined) ?? frame.chat;
  const seconds = typeof time === 'string' || typeof time === 'number' ? Math.floor(Number(time) / 1_000) : 0;
  if (!isId(key.id)) return undefined;
  const inChat = { remoteJid: frame.chat, id: key.id, fromMe: key.fromMe === true, participant: jid };
  return frameOfHistory({ messageTimestamp: seconds }, inChat, frame);
}

function reactionsOf(message: Fields, frame: Frame): CommunicationEvent[] {
  return listOf(message.reactions)
    .slice(0, addOnsMax)
    .flatMap((reaction) => {
      const actor = actorOf(inner(reaction, 'key'), reaction.senderTimestampMs, frame);
      if (actor === undefined) return [];
      const read = readReaction({ key: { id: frame.id }, text: reaction.text }, actor);
      return read.kind === 'events' ? read.events : [];
    });
}

function votesOf(message: Fields, frame: Frame): CommunicationEvent[] {
  const content = fieldsOf(message.message);
  const poll = Object.entries(content).find(([name]) => name.startsWith('pollCreationMessage'))?.[1];
  const options = listOf(fieldsOf(poll).options).flatMap(({ optionName }) => textOf(optionName) ?? []);
  return listOf(message.pollUpdates)
    .slice(0, addOnsMax)
    .flatMap((update) => {
      const actor = actorOf(inner(update, 'pollUpdateMessageKey'), update.senderTimestampMs, frame);
      if (actor === undefined) return [];
      const digests = textsOf(inner(update, 'vote').selectedOptions);
      return [voteOf(actor, digests, options, messageKey(frame.chat, frame.id))];
    });
}
