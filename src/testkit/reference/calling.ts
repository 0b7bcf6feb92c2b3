import {
  type CallContext,
  type CallRequest,
  type Capture,
  type CommunicationEvent,
  type Connector,
  type OutboundCall,
  type Parsed,
  phoneNumber,
  type RoutedCall,
  readJson,
  z,
} from '../../sdk/index.js';
import type { ConnectorSubject, Fixture } from '../subject.js';
import { askProvider, referenceAnswers } from './asking.js';
import { referenceConnectorSubject as reference, referenceConnector } from './connector.js';

/** The reference connector as one for calls: the provider also posts calls that ended, and rings whom it is asked to. */

const base = referenceConnector as unknown as Connector;
const id = z.string().min(1).max(100);
const callSchema = z.object({ call: id, from: phoneNumber(), to: phoneNumber() });
const recordingSchema = z.object({ recording: id, of: id, url: z.string().min(1).max(1_000) });

const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });
const scopeOf = (ends: readonly string[]) => [...ends].sort().join('|');

function eventOf(body: unknown): CommunicationEvent | undefined {
  const { data: call } = callSchema.safeParse(body);
  if (call !== undefined) {
    return {
      ...{
        kind: 'call',
        key: `call/${call.call}`,
        channel: 'voice',
        direction: 'inbound',
        status: 'completed',
      },
      ...{ from: address(call.from), to: [address(call.to)], conversation: scopeOf([call.from, call.to]) },
    };
  }
  const { data: recording } = recordingSchema.safeParse(body);
  if (recording === undefined) return undefined;
  const key = `recording/${recording.recording}`;
  return {
    ...{ kind: 'recording', key, about: `call/${recording.of}`, channel: 'voice', status: 'completed' },
    attachments: [{ key, reference: recording.url }],
  };
}

function parse(capture: Capture, given: Parameters<Connector['parse']>[1]): Parsed {
  const event = eventOf(readJson(capture.body));
  return event === undefined ? base.parse(capture, given) : { kind: 'events', events: [event] };
}

function routeCall({ to, ring }: CallRequest, settings: Record<string, unknown>): RoutedCall {
  const [own = ''] = settings.numbers as string[];
  const ends = [to, ring ?? '+14155550110'];
  if (!ends.every((end) => phoneNumber().safeParse(end).success)) {
    return { ok: false, reason: 'Both numbers must be such as +12025550123.' };
  }
  const [called, rung] = ends.map(address) as [ReturnType<typeof address>, ReturnType<typeof address>];
  const conversation = scopeOf([own, to]);
  return { ok: true, route: { from: address(own), to: called, ring: rung, conversation, channel: 'voice' } };
}

function call({ to, ring }: OutboundCall, context: CallContext<Record<string, unknown>>) {
  return askProvider('/calls', { to: to.asReceived, ring: ring.asReceived }, context);
}

/** In the shape of the fixtures that are there already. */
function fixtureOf(name: string, body: Record<string, string>): Fixture {
  const [{ capture } = { capture: undefined }] = reference.fixtures;
  const event = eventOf(body);
  if (capture === undefined || event === undefined) throw new Error('The reference has no fixture to go by.');
  return {
    name,
    capture: { ...capture, body: new TextEncoder().encode(JSON.stringify(body)) },
    expected: { kind: 'events', events: [event] },
  };
}

const made = [
  fixtureOf('call', { call: 'c1', from: '+12025550123', to: '+12025550188' }),
  fixtureOf('recording', { recording: 'r1', of: 'c1', url: '/recordings/r1' }),
];

/** It keeps every rule, those of calls too. */
export const callingReference: ConnectorSubject = {
  ...reference,
  connector: {
    ...base,
    settings: base.settings.extend({ apiUrl: z.url().optional() }),
    capabilities: {
      ...base.capabilities,
      events: ['message', 'call', 'recording'],
      calls: { idempotent: false, callsPerSecond: 1 },
    },
    parse,
    routeCall,
    call,
    recordsCalls: () => true,
  },
  fixtures: [...reference.fixtures, ...made],
  rebatch: (captures) => [...(reference.rebatch?.(captures) ?? []), ...made.map(({ capture }) => capture)],
  calls: {
    recipients: ['+12025550123'],
    refused: ['Zoë', '2025550123'],
    ring: '+14155550110',
    provider: {
      settingsAt: (url) => ({ ...reference.settings, apiUrl: url }),
      read: ({ body }) => JSON.parse(Buffer.from(body).toString('utf8')),
      ...referenceAnswers,
    },
  },
};
