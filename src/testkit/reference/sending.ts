import {
  type CallContext,
  type Connector,
  type OutboundMessage,
  phoneNumber,
  type Routed,
  z,
} from '../../sdk/index.js';
import type { ConnectorSubject } from '../subject.js';
import { askProvider, referenceAnswers } from './asking.js';
import { referenceConnectorSubject as reference, referenceConnector } from './connector.js';

/** The reference connector as one that also sends: the provider takes a message as JSON, and answers with its id. */

const base = referenceConnector as unknown as Connector;

const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });

function route({ to }: { readonly to: string }, settings: Record<string, unknown>): Routed {
  if (!phoneNumber().safeParse(to).success) {
    return { ok: false, reason: 'The recipient must be a number such as +12025550123.' };
  }
  const [own = ''] = settings.numbers as string[];
  const conversation = [own, to].sort().join('|');
  return { ok: true, route: { from: address(own), to: address(to), conversation, channel: 'sms' } };
}

function send({ to, text }: OutboundMessage, context: CallContext<Record<string, unknown>>) {
  return askProvider('/messages', { to: to.asReceived, text }, context);
}

const capability = { textLengthMax: 1_000, mediaMax: 0, idempotent: false, messagesPerSecond: 1 };

/** It keeps every rule, those of sending too. */
export const sendingReference: ConnectorSubject = {
  ...reference,
  connector: {
    ...base,
    settings: base.settings.extend({ apiUrl: z.url().optional() }),
    capabilities: { ...base.capabilities, outbound: capability },
    route,
    send,
  },
  outbound: {
    recipients: ['+12025550123'],
    refused: ['Zoë', '2025550123'],
    provider: {
      settingsAt: (url) => ({ ...reference.settings, apiUrl: url }),
      read: ({ body }) => JSON.parse(Buffer.from(body).toString('utf8')),
      ...referenceAnswers,
    },
  },
};
