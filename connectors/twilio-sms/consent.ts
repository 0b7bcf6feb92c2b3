import type { CommunicationEvent, MessageEvent } from 'archway/sdk';
import type { Form } from '../../providers/twilio/form.js';

type ConsentEvent = Extract<CommunicationEvent, { kind: 'consent' }>;

const actions = new Map<string, ConsentEvent['action']>([
  ['STOP', 'opt-out'],
  ['START', 'opt-in'],
  ['HELP', 'help'],
]);

/**
 * The consent that a message gave or withdrew, as Twilio's own opt-out handling took it (`OptOutType`), which has also
 * answered the sender already. The text alone decides nothing: without that handling `stop` is only a word.
 */
export function readConsent(form: Form, message: MessageEvent, messageSid: string): ConsentEvent | undefined {
  const action = actions.get(form.get('OptOutType')?.toUpperCase() ?? '');
  if (action === undefined) return undefined;
  const { channel, conversation, routing } = message;
  return {
    kind: 'consent',
    key: `consent/${messageSid}`,
    about: message.key,
    action,
    channel,
    from: message.from,
    to: message.to.slice(0, 1),
    ...(conversation !== undefined && { conversation }),
    ...(routing !== undefined && { routing }),
  };
}
