import { type EventAlias, outboundKey } from 'archway/sdk';
import type { Form } from '../../providers/twilio/form.js';
import { sid } from '../../providers/twilio/ids.js';

/** The leg that no other one made, as events name it. */
export interface FirstLeg {
  readonly key: string;
  /** That Twilio's name for it and ours are one: so a call is found even where the answer to our request was lost. */
  readonly aliases?: readonly EventAlias[];
}

/** @param ownCall id of the call that we asked Twilio to make: it is known by that before Twilio has told us its own. */
export function firstLeg(callSid: string, ownCall: string | undefined): FirstLeg {
  if (ownCall === undefined) return { key: legKey(callSid) };
  const key = outboundKey(ownCall);
  return { key, aliases: [{ alias: legKey(callSid), key }] };
}

/** A leg of a call, as events name it. */
export interface Leg {
  readonly sid: string;
  /** For `about`: every event of the leg has it. */
  readonly key: string;
  /** Key of the leg that made it. */
  readonly parent?: string;
  readonly aliases?: readonly EventAlias[];
}

export function legKey(callSid: string): string {
  return `call/${callSid}`;
}

/** Each status of a leg is told once, by webhook or by list. */
export function statusKey(callSid: string, status: string): string {
  return `call/${callSid}/status/${status}`;
}

/** A request that asks what to do next, by where it was posted to: each is made once at a status. */
export function askedKey(callSid: string, endpoint: string, status: string): string {
  return `call/${callSid}/asked/${endpoint}/${status}`;
}

export function recordingKey(recordingSid: string): string {
  return `recording/${recordingSid}`;
}

/** The id of a call, from `call/CA…`; undefined for a call that is known by our own id. */
export function callSidOf(key: string): string | undefined {
  return /^call\/(CA[0-9a-fA-F]{32})$/.exec(key)?.[1];
}

/** The leg that a request is about; undefined where it names none. */
export function legOf(form: Form, ownCall: string | undefined): Leg | undefined {
  const callSid = sid(form.get('CallSid'));
  if (callSid === undefined) return undefined;
  const parentSid = sid(form.get('ParentCallSid'));
  if (parentSid !== undefined) {
    const { key: parent, ...rest } = firstLeg(parentSid, ownCall);
    return { sid: callSid, key: legKey(callSid), parent, ...rest };
  }
  if (form.get('Direction') !== 'outbound-dial') return { sid: callSid, ...firstLeg(callSid, ownCall) };
  const parent = ownCall === undefined ? undefined : outboundKey(ownCall);
  return { sid: callSid, key: legKey(callSid), ...(parent !== undefined && { parent }) };
}
