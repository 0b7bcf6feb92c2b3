import { z } from 'zod';

/**
 * What the commands read in the answers of the private API. Members that are not named here pass through untouched, so
 * `--json` prints all that the server sends.
 */

export const instanceShape = z.looseObject({ id: z.string(), name: z.string() });

export const requestedShape = z.looseObject({ id: z.string(), account: z.string(), state: z.string() });

export const uploadShape = z.looseObject({ id: z.string() });

export const outboundShape = z.looseObject({
  id: z.string(),
  account: z.string(),
  to: z.string(),
  state: z.string(),
  attempts: z.number(),
  createdAt: z.string(),
  changedAt: z.string(),
  reason: z.string().nullable(),
  explanation: z.string().nullable(),
});

export const connectorShape = z.looseObject({
  id: z.string(),
  title: z.string(),
  version: z.string(),
  origin: z.string(),
  secrets: z.array(z.string()),
  fields: z
    .array(
      z.looseObject({
        name: z.string(),
        description: z.string().nullable(),
        required: z.boolean(),
        secret: z.boolean(),
        kind: z.string(),
        choices: z.array(z.string()),
        default: z.string().nullable(),
      }),
    )
    .default([]),
  endpoints: z.array(z.looseObject({ name: z.string(), purpose: z.string() })),
  capabilities: z.looseObject({ events: z.array(z.string()), blindSpots: z.array(z.string()) }),
});

const webhooksShape = z.record(z.string(), z.string());

export const accountShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  connector: z.string(),
  settings: z.record(z.string(), z.unknown()),
  ownAddresses: z.array(z.string()),
  expectEveryMinutes: z.number().nullable().optional(),
  session: z
    .looseObject({ state: z.string(), detail: z.string().nullable(), action: z.string().nullable() })
    .nullable()
    .optional(),
  webhooks: webhooksShape,
  sendingTrouble: z
    .looseObject({
      kind: z.string(),
      message: z.string(),
      explanation: z.string(),
      pausedUntil: z.string(),
    })
    .nullish(),
});

export const addedAccountShape = z.looseObject({ id: z.string(), webhooks: webhooksShape });

export const linkShape = z.looseObject({
  state: z.string().nullable(),
  detail: z.string().nullable(),
  action: z.string().nullable(),
  offer: z
    .looseObject({ method: z.enum(['qr', 'code']), value: z.string(), expiresAt: z.string() })
    .nullable(),
});

export const accountTestShape = z.looseObject({
  ok: z.boolean(),
  checks: z.array(
    z.looseObject({ name: z.string(), ok: z.boolean(), detail: z.string(), remedy: z.string().optional() }),
  ),
});

const troubleShape = z
  .looseObject({
    kind: z.string(),
    message: z.string(),
    explanation: z.string(),
    since: z.string(),
    pausedUntil: z.string(),
  })
  .nullable();

const texts = z.array(z.string()).optional();

export const sinkShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  origin: z.string().optional(),
  settings: z.record(z.string(), z.unknown()),
  guarantees: z.looseObject({ inspectable: z.boolean() }),
  filter: z.looseObject({ connectors: texts, custodians: texts, kinds: texts }).nullable(),
  state: z.string(),
  pausedAt: z.string().nullable(),
  trouble: troubleShape,
  waiting: z.number(),
  lagSeconds: z.number(),
  held: z.looseObject({ record: z.string(), kind: z.string(), message: z.string() }).nullable(),
  delivered: z.number(),
  deliveredPerMinute: z.number(),
  failed: z.number(),
  failedPerMinute: z.number(),
  dead: z.number(),
  leftOut: z.number(),
});

export const addedSinkShape = z.looseObject({ id: z.string() });

export const inspectionShape = z.looseObject({
  record: z.string(),
  delivery: z.string(),
  locator: z.string(),
  result: z.enum(['intact', 'altered', 'missing']),
});

export const identityShape = z.looseObject({
  id: z.string(),
  address: z.string(),
  validFrom: z.string().nullable(),
  validUntil: z.string().nullable(),
});

export const custodianShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  addresses: z.array(z.string()),
  identities: z.array(identityShape).optional(),
});

export const unknownPersonShape = z.looseObject({
  address: z.string().nullable(),
  name: z.string().nullable(),
  own: z.boolean(),
  records: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
});

export const peopleImportShape = z.looseObject({
  people: z.number(),
  identities: z.number(),
  unchanged: z.number(),
  problems: z.array(z.looseObject({ line: z.number(), problem: z.string() })),
});

export const rebuiltShape = z.looseObject({ records: z.number() });

export const conversationShape = z.looseObject({
  id: z.string(),
  participants: z.array(
    z.looseObject({
      person: z.looseObject({ id: z.string(), name: z.string() }).nullable(),
      addresses: z.array(z.string()),
    }),
  ),
  channels: z.array(z.string()),
  records: z.number(),
  lastAt: z.string(),
});

export const conversationEntryShape = z.looseObject({
  id: z.string(),
  kind: z.string(),
  channel: z.string().nullable(),
  from: z.string().nullable(),
  to: z.array(z.string()),
  text: z.string().nullish(),
  status: z.string().optional(),
  occurredAt: z.string().nullable(),
  receivedAt: z.string(),
});

const personShape = z.looseObject({ id: z.string(), name: z.string().nullable() }).nullable();

export const messageShape = z.looseObject({
  id: z.string(),
  direction: z.string(),
  connector: z.string(),
  account: z.string(),
  conversation: z.string().nullable(),
  from: z.string().nullable(),
  to: z.array(z.string()).nullable(),
  text: z.string().nullable(),
  status: z.string().nullable(),
  sentAt: z.string().nullable(),
  receivedAt: z.string(),
  recordedAt: z.string(),
  attachments: z
    .array(
      z.looseObject({
        id: z.string(),
        contentType: z.string().nullable(),
        byteLength: z.number().nullable(),
        durationSeconds: z.number().nullable(),
        state: z.string(),
      }),
    )
    .nullable(),
  custodian: personShape,
  contact: personShape,
});

export const messageDetailShape = messageShape.extend({
  history: z.array(
    z.looseObject({ sequence: z.number(), id: z.string(), kind: z.string(), recordedAt: z.string() }),
  ),
  deliveries: z.array(
    z.looseObject({
      sink: z.looseObject({ id: z.string(), name: z.string().nullable(), type: z.string().nullable() }),
      state: z.string(),
      attempts: z.number(),
      evidence: z.looseObject({ locator: z.string(), sha256: z.string(), storedAt: z.string() }).nullable(),
      failure: z.string().nullable(),
    }),
  ),
});

export const callShape = z.looseObject({
  id: z.string(),
  direction: z.string(),
  connector: z.string(),
  account: z.string(),
  conversation: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  forwardedTo: z.array(z.string()),
  forwardedFrom: z.string().nullable(),
  outcome: z.string(),
  startedAt: z.string().nullable(),
  answeredAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  ringSeconds: z.number().nullable(),
  talkSeconds: z.number().nullable(),
  routing: z.record(z.string(), z.string()),
  recordings: z.array(
    z.looseObject({
      id: z.string(),
      state: z.string(),
      durationSeconds: z.number().nullable(),
      channels: z.number().nullable(),
    }),
  ),
  custodian: personShape,
  contact: personShape,
});

export const callDetailShape = callShape.extend({
  legs: z.array(
    z.looseObject({
      from: z.string().nullable(),
      to: z.array(z.string()),
      status: z.string().nullable(),
      startedAt: z.string().nullable(),
      answeredAt: z.string().nullable(),
      endedAt: z.string().nullable(),
    }),
  ),
  history: messageDetailShape.shape.history,
});

export const envelopeShape = z.looseObject({
  skeleton: z.looseObject({
    sequence: z.number(),
    id: z.string(),
    kind: z.string(),
    connector: z.string(),
    account: z.string().optional(),
    conversation: z.string().optional(),
    times: z.looseObject({ recorded: z.string() }),
  }),
});

export const quarantinedShape = z.looseObject({
  id: z.string(),
  account: z.string().nullable(),
  endpoint: z.string(),
  receivedAt: z.string(),
  attempts: z.number(),
  reason: z.string().nullable(),
  explanation: z.string(),
});

export const deadLetterShape = z.looseObject({
  id: z.string(),
  sink: z.string(),
  record: z.string(),
  attempts: z.number(),
  failureKind: z.string().nullable(),
  failure: z.string().nullable(),
  explanation: z.string().nullable(),
  changedAt: z.string(),
});

export const alertShape = z.looseObject({
  id: z.string(),
  reason: z.string(),
  subject: z.string(),
  detail: z.string(),
  explanation: z.string(),
  openedAt: z.string(),
  closedAt: z.string().nullable(),
});

export const replayShape = z.looseObject({ replayed: z.number() });

export const statusShape = z.looseObject({
  unmatched: z.number(),
  captures: z.looseObject({ pending: z.number(), quarantined: z.number() }),
  deliveries: z.looseObject({ pending: z.number(), delivered: z.number(), dead: z.number() }),
  unassignedOwnAddresses: z.number().optional(),
  testEndpoints: z.boolean().optional(),
  sinks: z.array(
    z.looseObject({ id: z.string(), name: z.string(), state: z.string(), trouble: troubleShape }),
  ),
});

export const reconciliationShape = z.looseObject({
  id: z.string(),
  account: z.string(),
  cause: z.string(),
  since: z.string(),
  until: z.string(),
  state: z.string(),
  observed: z.number(),
  recorded: z.number(),
  missing: z.number(),
  late: z.number(),
  failure: z.string().nullable(),
  dueAt: z.string(),
});
