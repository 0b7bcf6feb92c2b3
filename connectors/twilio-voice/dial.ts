import type { CallEvent, Parsed } from 'archway/sdk';
import { nameWord } from '../../providers/twilio/errors.js';
import type { Form } from '../../providers/twilio/form.js';
import { sid } from '../../providers/twilio/ids.js';
import { firstLeg, legKey } from './keys.js';
import { type Circumstances, endsOf } from './leg.js';
import { particularsOf, wholeNumber } from './particulars.js';
import { callStatusOf } from './statuses.js';

const placedNames = [
  'From',
  'To',
  'DialCallStatus',
  'DialCallDuration',
  'Timestamp',
  'CallerName',
  'ForwardedFrom',
];

/**
 * Reads what `<Dial>` says when it ends: how it went with the leg that it made. The request is made by the leg that dialled, and
 * its numbers are that leg's; who was dialled is told by the reports of the dialled leg itself.
 */
export function readDial(form: Form, circumstances: Circumstances): Parsed {
  const callSid = sid(form.get('CallSid'));
  if (callSid === undefined) return unsupported('the end of a dial whose CallSid is missing or not usable');
  const claimed = form.get('DialCallStatus') ?? '';
  const status = callStatusOf(claimed);
  if (status === undefined) return unsupported(`the dial status ${nameWord(claimed)} is not known`);
  const ends = endsOf(form, circumstances);
  if (ends === undefined) return unsupported('the end of a dial whose From or To is missing or not usable');
  const { key: first, aliases } = firstLeg(callSid, circumstances.ownCall);
  const dialled = sid(form.get('DialCallSid'));
  const durationSeconds = wholeNumber(form.get('DialCallDuration'));
  const common = { kind: 'call', channel: 'voice', direction: ends.direction } as const;
  const event: CallEvent =
    dialled === undefined
      ? // Nothing was dialled at all: all that there is to say is where the first leg stands.
        {
          ...common,
          key: `${legKey(callSid)}/dial/${status}`,
          about: first,
          from: ends.from.address,
          to: [ends.to.address],
          status: callStatusOf(form.get('CallStatus') ?? '') ?? 'in-progress',
          ...particularsOf(
            form,
            placedNames.filter((name) => name !== 'DialCallStatus'),
          ),
        }
      : {
          ...common,
          key: `${legKey(dialled)}/dial/${status}`,
          about: legKey(dialled),
          parent: first,
          from: ends.from.address,
          to: [],
          status,
          ...(durationSeconds !== undefined && { durationSeconds }),
          ...particularsOf(form, placedNames),
        };
  return { kind: 'events', events: [event], ...(aliases !== undefined && { aliases }) };
}

function unsupported(reason: string): Parsed {
  return { kind: 'unsupported', reason };
}
