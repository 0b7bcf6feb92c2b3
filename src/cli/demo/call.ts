import { danasPhone, desk, lena } from './people.js';
import type { Step } from './steps.js';
import { accountSid, sidOf, type TwilioRequest } from './twilio.js';

const callSid = sidOf('CA', 'lena-calls');
const legSid = sidOf('CA', 'dana-is-rung');
const recordingSid = sidOf('RE', 'lena-calls');

const ends = {
  From: lena,
  Caller: lena,
  To: desk,
  Called: desk,
  AccountSid: accountSid,
  ApiVersion: '2010-04-01',
};
/** What Lena's leg and Dana's have in every report. */
const call = { ...ends, CallSid: callSid, Direction: 'inbound' };
const leg = {
  ...ends,
  CallSid: legSid,
  ParentCallSid: callSid,
  Direction: 'outbound-dial',
  To: danasPhone,
  Called: danasPhone,
};

/** Lena calls the desk, Dana takes it on her phone, and it is recorded: as Twilio reports it, not always in order. */
export function callOfTheDay(apiUrl: string): Step<TwilioRequest>[] {
  return [
    step('Lena calls the desk; she hears the notice, and Dana is rung', 'voice', {
      ...call,
      CallStatus: 'ringing',
      StirVerstat: 'TN-Validation-Passed-A',
    }),
    step('Twilio reports that the forwarded call is over (before it says that it began)', 'status', {
      ...leg,
      CallStatus: 'completed',
      CallDuration: '54',
      SipResponseCode: '200',
      ...progress(3, '14:31:05'),
    }),
    step('Twilio reports that Dana had taken it', 'status', {
      ...leg,
      CallStatus: 'in-progress',
      ...progress(2, '14:30:11'),
    }),
    forwarded(),
    step('Twilio reports the end of the call', 'status', {
      ...call,
      CallStatus: 'completed',
      CallDuration: '65',
      ...progress(0, '14:31:05'),
    }),
    recorded(apiUrl),
  ];
}

function forwarded(): Step<TwilioRequest> {
  const { what, request } = step('Twilio says how the forwarding went', 'dial', {
    ...call,
    CallStatus: 'in-progress',
    DialCallSid: legSid,
    DialCallStatus: 'completed',
    DialCallDuration: '54',
  });
  return { what, request: { ...request, query: 'turn=0' } };
}

function recorded(apiUrl: string): Step<TwilioRequest> {
  return step('Twilio reports the recording, with both sides on a channel of their own', 'recording', {
    AccountSid: accountSid,
    CallSid: callSid,
    RecordingSid: recordingSid,
    RecordingSource: 'DialVerb',
    RecordingTrack: 'both',
    RecordingChannels: '2',
    RecordingStatus: 'completed',
    RecordingDuration: '53',
    RecordingStartTime: 'Mon, 23 Nov 2026 14:30:12 +0000',
    RecordingUrl: `${apiUrl}/2010-04-01/Accounts/${accountSid}/Recordings/${recordingSid}`,
  });
}

function step(what: string, endpoint: string, fields: TwilioRequest['fields']): Step<TwilioRequest> {
  return { what, request: { endpoint, fields } };
}

function progress(sequence: number, at: string) {
  return {
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(sequence),
    Timestamp: `Mon, 23 Nov 2026 ${at} +0000`,
  };
}
