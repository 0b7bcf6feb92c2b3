import { outboundKey } from 'archway/sdk';
import type { Form } from '../../providers/twilio/form.js';
import { sid } from '../../providers/twilio/ids.js';

/** A leg of a call, as events name it. */
export interface Leg {
  readonly sid: string;
  /** For `about`: every event of the leg has it. */
  readonly key: string;
  /** Key of the leg that made it. */
  readonly parent?: string;
}

export function legKey(callSid: string): string {
  return `call/${callSid}`;
}

/** Each status of a leg is told once, by webhook or by list. */
export function statusKey(callSid: string, status: string): string {
  return `call/${callSid}/status/${status}`;
}

export function recordingKey(recordingSid: string): string {
  return `recording/${recordingSid}`;
}

/** The id of a call, from `call/CA…`; undefined for a call that is known by our own id. */
export function callSidOf(key: string): string | undefined {
  return /^call\/(CA[0-9a-fA-F]{32})$/.exec(key)?.[1];
}

/**
 * The leg that a request is about.
 *
 * @param ownCall id of the call that we asked Twilio to make: it is known by that before Twilio has told us its own.
 */
export function legOf(form: Form, ownCall: string | undefined): Leg | undefined {
  const callSid = sid(form.get('CallSid'));
  if (callSid === undefined) return undefined;
  const first = ownCall === undefined ? undefined : outboundKey(ownCall);
  const parentSid = sid(form.get('ParentCallSid'));
  if (parentSid === undefined && form.get('Direction') !== 'outbound-dial') {
    return { sid: callSid, key: first ?? legKey(callSid) };
  }
  const parent = first ?? (parentSid === undefined ? undefined : legKey(parentSid));
  return { sid: callSid, key: legKey(callSid), ...(parent !== undefined && { parent }) };
}
