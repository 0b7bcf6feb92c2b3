import type { Address, OutboundRequest, Routed } from 'archway/sdk';
import { addressOf, bare, isGroup, isLid, isNumber } from './jid.js';
import { chatIn } from './keys.js';
import type { WhatsAppSettings } from './settings.js';

/** From the linked phone to a number, or into a group. */
export function route(
  { to, replyTo, reactsTo }: OutboundRequest,
  { outbound, number }: WhatsAppSettings,
): Routed {
  if (!outbound || number === undefined) {
    return refused('This account only captures. Allow it to send: archway account set … --set outbound=true');
  }
  const chat = chatOf(to);
  if (chat === undefined) {
    return refused('The recipient must be a number in E.164 form (+12025550123), or a group (…@g.us).');
  }
  const about = replyTo ?? reactsTo;
  if (about !== undefined && !isIn(chat, about)) {
    return refused('A message can only be answered, or reacted to, in the chat in which it stands.');
  }
  const from: Address = { scheme: 'tel', value: number, asReceived: `${number.slice(1)}@s.whatsapp.net` };
  const recipient = addressOf({ jid: chat }, {});
  return { ok: true, route: { from, to: recipient, conversation: chat, channel: 'whatsapp' } };
}

/** A person may have been named by the other form when the chat was first seen; a group has one name. */
function isIn(chat: string, about: string): boolean {
  const where = chatIn(about);
  return (
    where === chat ||
    (where !== undefined && isLid(where) !== isLid(chat) && !isGroup(where) && !isGroup(chat))
  );
}

function chatOf(to: string): string | undefined {
  if (/^\+[1-9]\d{6,14}$/.test(to)) return `${to.slice(1)}@s.whatsapp.net`;
  return isGroup(to) || isLid(to) || isNumber(to) ? bare(to) : undefined;
}

function refused(reason: string): Routed {
  return { ok: false, reason };
}
