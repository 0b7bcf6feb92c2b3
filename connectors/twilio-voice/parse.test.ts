import { readdirSync } from 'node:fs';
import { type CallEvent, callStatuses, type Parsed, type RecordingEvent } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import { listedCapture } from '../../providers/twilio/testing.js';
import connector from './index.js';
import { parse } from './parse.js';
import { captureOf, subject } from './testing.js';

const given = { ownAddresses: ['+12025550100'] };
const own = 'call=019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';

function parseForm(fields: Record<string, string>, endpoint = 'status', query?: string): Parsed {
  return parse(captureOf(endpoint, new URLSearchParams(fields).toString(), query), given);
}

function callFrom(fields: Record<string, string>, endpoint?: string, query?: string): CallEvent {
  const parsed = parseForm(fields, endpoint, query);
  const [event] = parsed.kind === 'events' ? parsed.events : [];
  if (event?.kind !== 'call') throw new Error(`not a call: ${JSON.stringify(parsed)}`);
  return event;
}

function recordingFrom(fields: Record<string, string>): RecordingEvent {
  const parsed = parseForm(fields, 'recording');
  const [event] = parsed.kind === 'events' ? parsed.events : [];
  if (event?.kind !== 'recording') throw new Error(`not a recording: ${JSON.stringify(parsed)}`);
  return event;
}

const leg = {
  CallSid: 'CA2',
  ParentCallSid: 'CA1',
  From: '+12025550123',
  To: '+14155550110',
  Direction: 'outbound-dial',
  CallStatus: 'ringing',
  CallbackSource: 'call-progress-events',
  SequenceNumber: '1',
  Timestamp: 'Mon, 23 Nov 2026 09:30:05 +0000',
};

const recording = {
  CallSid: 'CA1',
  RecordingSid: `RE${'0'.repeat(32)}`,
  RecordingStatus: 'completed',
  RecordingChannels: '2',
  RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/AC${'0'.repeat(32)}/Recordings/RE${'0'.repeat(32)}`,
};

describe('every fixture', () => {
  it.each(subject.fixtures.map((fixture) => [fixture.name, fixture] as const))(
    '%s',
    (_, { capture, expected }) => {
      expect(parse(capture, given)).toEqual(expected);
    },
  );

  it('is named as its file', () => {
    const files = readdirSync(new URL('./fixtures/', import.meta.url)).sort();
    expect(subject.fixtures.map((fixture) => `${fixture.name}.json`).sort()).toEqual(files);
  });

  it('together they show every kind that the connector declares, and every status that Twilio reports', () => {
    const events = subject.fixtures.flatMap(({ expected }) =>
      expected.kind === 'events' ? expected.events : [],
    );
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(connector.capabilities.events));
    const seen = new Set(events.flatMap((event) => (event.kind === 'call' ? event.status : [])));
    const ofGateway = ['requested', 'indeterminate', 'accepted', 'refused', 'rejected'];
    expect([...callStatuses].filter((status) => !seen.has(status))).toEqual(ofGateway);
    const recordings = new Set(events.flatMap((event) => (event.kind === 'recording' ? event.status : [])));
    expect(recordings).toEqual(new Set(['in-progress', 'completed', 'absent', 'failed']));
  });
});

describe('a leg', () => {
  it('names itself and the leg that made it', () => {
    expect(callFrom(leg)).toMatchObject({
      key: 'call/CA2/status/ringing',
      about: 'call/CA2',
      parent: 'call/CA1',
    });
  });

  it('is in the order in which Twilio counts, at the time that it names', () => {
    expect(callFrom(leg)).toMatchObject({
      providerSequence: 1,
      occurredAt: { at: '2026-11-23T09:30:05.000Z', granularity: 'second' },
    });
    for (const Timestamp of ['yesterday', '1', '9'.repeat(30), 'Mon, 99 Nov 2026 09:30:05 +0000']) {
      expect(callFrom({ ...leg, Timestamp }).occurredAt).toBeUndefined();
    }
  });

  it('is told once for each status, whichever URL it was posted to', () => {
    expect(parseForm(leg, 'voice')).toEqual(parseForm(leg, 'status'));
    expect(callFrom({ ...leg, CallStatus: 'busy' }).key).not.toBe(callFrom(leg).key);
  });

  it('of a call that comes in belongs to no conversation of its own; one that goes out does', () => {
    expect(callFrom(leg)).toMatchObject({ direction: 'inbound' });
    expect(callFrom(leg).conversation).toBeUndefined();
    const out = callFrom({ ...leg, From: '+12025550100', To: '+12025550123' });
    const inbound = callFrom({ ...leg, ParentCallSid: '', Direction: 'inbound', To: '+12025550100' });
    expect(out.direction).toBe('outbound');
    expect(out.conversation).toBe(inbound.conversation);
  });

  it('of a call that we had made is known by our id before Twilio has told us its own', () => {
    const first = { ...leg, ParentCallSid: '', Direction: 'outbound-api', From: '+12025550100' };
    expect(callFrom(first, 'status', own)).toMatchObject({
      about: `outbound/${own.slice(5)}`,
      direction: 'outbound',
    });
    expect(callFrom(first, 'status', own).conversation).toBeUndefined();
    expect(callFrom(leg, 'status', own)).toMatchObject({
      about: 'call/CA2',
      parent: `outbound/${own.slice(5)}`,
    });
    expect(callFrom(first, 'status', 'call=../../x').about).toBe('call/CA2');
  });

  it('says who took it, where that is known', () => {
    const answered = { ...leg, CallStatus: 'in-progress' };
    expect(callFrom({ ...answered, AnsweredBy: 'human' }).answeredBy).toBe('person');
    for (const AnsweredBy of ['machine_start', 'machine_end_beep', 'fax']) {
      expect(callFrom({ ...answered, AnsweredBy }).answeredBy).toBe('machine');
    }
    expect(callFrom({ ...answered, AnsweredBy: 'unknown' }).answeredBy).toBeUndefined();
    expect(callFrom({ ...answered, ParentCallSid: '', Direction: 'inbound' }).answeredBy).toBe('gateway');
  });

  it('keeps what the network said: caller’s name, forwarding, verdict, SIP code, trunk', () => {
    const event = callFrom({
      ...leg,
      CallerName: 'MADE UP LTD',
      ForwardedFrom: '+12025550177',
      StirVerstat: 'TN-Validation-Failed-C',
      SipResponseCode: '486',
      TrunkSid: 'TK1',
    });
    expect(event).toMatchObject({ callerName: 'MADE UP LTD', forwardedFrom: { value: '+12025550177' } });
    expect(event.routing).toMatchObject({
      StirVerstat: 'TN-Validation-Failed-C',
      SipResponseCode: '486',
      TrunkSid: 'TK1',
    });
  });

  it('keeps places apart, so that they can be dropped, and never the token to make calls with', () => {
    const event = callFrom({
      ...leg,
      CallerCity: 'BERLIN',
      CalledZip: '20005',
      FromState: 'DC',
      CallToken: 'made-up',
    });
    expect(event.location).toEqual({ CallerCity: 'BERLIN', CalledZip: '20005', FromState: 'DC' });
    expect(JSON.stringify(event.provider)).not.toMatch(/BERLIN|20005|made-up/);
  });

  it('reads the same when Twilio posts a call again to a fallback URL', () => {
    const { CallbackSource: _source, SequenceNumber: _number, ...voice } = { ...leg, Direction: 'inbound' };
    const again = { ...voice, ErrorCode: '11200', ErrorUrl: 'https://archway.example.com/webhooks/a/voice' };
    expect(callFrom(again, 'voice')).toEqual(callFrom(voice, 'voice'));
  });
});

describe('a recording', () => {
  it('is fetched as WAV with the channels that it has', () => {
    const path = new URL(recording.RecordingUrl).pathname;
    const referenceOf = (channels: string) =>
      recordingFrom({ ...recording, RecordingChannels: channels }).attachments[0]?.reference;
    expect(referenceOf('2')).toBe(`${path}.wav?RequestedChannels=2`);
    expect(referenceOf('1')).toBe(`${path}.wav`);
  });

  it('has the same attachment whatever host Twilio names, and any other URL stays to be refused', () => {
    const elsewhere = recording.RecordingUrl.replace('api.twilio.com', 'collector.example');
    expect(recordingFrom({ ...recording, RecordingUrl: elsewhere })).toEqual(recordingFrom(recording));
    const RecordingUrl = 'https://collector.example/2010-04-01/Accounts/../x';
    expect(recordingFrom({ ...recording, RecordingUrl }).attachments[0]?.reference).toBe(RecordingUrl);
  });

  it('has no attachment before it is completed, nor when there is none', () => {
    for (const RecordingStatus of ['in-progress', 'absent', 'failed']) {
      expect(recordingFrom({ ...recording, RecordingStatus }).attachments).toEqual([]);
    }
  });

  it('is one attachment, with another event for each step', () => {
    const keys = ['in-progress', 'completed'].map(
      (RecordingStatus) => recordingFrom({ ...recording, RecordingStatus }).key,
    );
    expect(new Set(keys).size).toBe(2);
    expect(recordingFrom(recording).attachments[0]?.key).toBe(`recording/${recording.RecordingSid}`);
  });

  it('of a message that was left says so', () => {
    expect(recordingFrom({ ...recording, RecordingSource: 'RecordVerb' }).voicemail).toBe(true);
    expect(recordingFrom({ ...recording, RecordingSource: 'DialVerb' }).voicemail).toBeUndefined();
  });
});

describe('what is listed', () => {
  it('never passes for a webhook, nor a webhook for it', () => {
    const body = JSON.stringify({ sid: 'RE1', call_sid: 'CA1', status: 'completed' });
    expect(parse(listedCapture('listed-recording', body), given).kind).toBe('events');
    expect(
      parse({ ...captureOf('recording', body), headers: { 'content-type': 'application/json' } }, given).kind,
    ).toBe('unsupported');
  });
});

it('what is not known quotes a word at most', () => {
  const reasonOf = (CallStatus: string) => {
    const parsed = parseForm({ ...leg, CallStatus });
    return parsed.kind === 'unsupported' ? parsed.reason : '';
  };
  expect(reasonOf('teleported')).toContain('"teleported"');
  expect(reasonOf('+12025550123 said <hello>')).not.toContain('2025550123');
});
