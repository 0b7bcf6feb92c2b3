import {
  type Capture,
  type CommunicationEvent,
  type Connector,
  defineConnector,
  type MessageEvent,
  type Parsed,
  type ReceiptEvent,
  secret,
  z,
} from '../../../src/sdk/index.js';

/** Numbers that are reserved for fiction. */
export const contactNumber = '+12025550123';
export const ownNumber = '+12025550188';
export const token = 'token-of-the-account';

const settings = z.strictObject({ token: secret() });

/** What a capture of the scripted connector holds, as JSON. */
export type Said = Parsed | { readonly throws: string };

export interface ConnectorOptions {
  readonly version?: string;
  /** Instead of what the capture says. */
  readonly parse?: (capture: Capture) => Parsed;
}

/** A connector whose captures say in JSON what is to be read from them. */
export function scriptedConnector({ version = '1', parse = readSaid }: ConnectorOptions = {}): Connector {
  return defineConnector({
    id: 'scripted',
    title: 'Scripted',
    version,
    settings,
    capabilities: { events: ['message', 'receipt'], gaps: 'undetectable', blindSpots: ['Everything else.'] },
    webhooks: {
      messages: {
        purpose: 'Messages.',
        verify: ({ headers }, { token: expected }) =>
          headers['x-token'] === expected ? { ok: true } : { ok: false, reason: 'missing_signature' },
      },
    },
    ownAddresses: () => [ownNumber],
    parse,
  }) as unknown as Connector;
}

export function readSaid(capture: Capture): Parsed {
  const said = JSON.parse(Buffer.from(capture.body).toString('utf8')) as Said;
  if ('throws' in said) throw new Error(said.throws);
  return said;
}

export function says(...events: CommunicationEvent[]): Said {
  return { kind: 'events', events };
}

const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });

export function message(key: string, given: Partial<MessageEvent> = {}): MessageEvent {
  return {
    kind: 'message',
    key,
    conversation: 'a conversation',
    channel: 'sms',
    from: address(contactNumber),
    to: [address(ownNumber)],
    direction: 'inbound',
    text: `The text of ${key}`,
    attachments: [],
    ...given,
  };
}

export function receipt(key: string, about: string, status: ReceiptEvent['status']): ReceiptEvent {
  return { kind: 'receipt', key, about, channel: 'sms', conversation: 'a conversation', status };
}
