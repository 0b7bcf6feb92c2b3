import { describeParser } from '../../providers/twilio/properties/testing.js';
import { parse } from './parse.js';
import { subject } from './testing.js';

const leg = { CallSid: 'CA1', From: '+12025550123', To: '+12025550100' };

describeParser({
  parse: (capture) => parse(capture, { ownAddresses: ['+12025550100'] }),
  fixtures: subject.fixtures,
  endpoint: 'status',
  fieldNames: [
    ...['CallSid', 'ParentCallSid', 'CallStatus', 'From', 'To', 'Direction', 'Timestamp', 'SequenceNumber'],
    ...[
      'CallDuration',
      'CallbackSource',
      'AnsweredBy',
      'CallerName',
      'ForwardedFrom',
      'StirVerstat',
      'ErrorCode',
    ],
    ...[
      'DialCallStatus',
      'DialCallSid',
      'DialCallDuration',
      'RecordingSid',
      'RecordingStatus',
      'RecordingUrl',
    ],
    ...[
      'RecordingDuration',
      'RecordingChannels',
      'RecordingStartTime',
      'RecordingSource',
      'FromCity',
      'CallToken',
    ],
  ],
  fieldValues: [
    ...[
      'CA1',
      'CA2',
      'RE1',
      '+12025550123',
      '+12025550100',
      'anonymous',
      'client:alice',
      'sip:alice@example.com',
    ],
    ...[
      'ringing',
      'in-progress',
      'completed',
      'busy',
      'absent',
      'inbound',
      'outbound-dial',
      'outbound-api',
      'human',
    ],
    ...['Mon, 23 Nov 2026 09:30:05 +0000', 'Fri, 31 Dec 9999 23:59:59 -2359', '99999999999', 'RecordVerb'],
    ...['https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1', 'https://[', 'javascript:alert(1)'],
  ],
  valid: [
    { ...leg, CallStatus: 'ringing', Direction: 'inbound' },
    { ...leg, CallStatus: 'in-progress', DialCallStatus: 'busy', DialCallSid: 'CA2' },
    { CallSid: 'CA1', RecordingSid: 'RE1', RecordingStatus: 'completed' },
  ],
});
