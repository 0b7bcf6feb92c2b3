import { z } from '@hono/zod-openapi';
import { noFigures, type SinkFigures } from '../../db/sink-counts.js';
import { maskSecrets } from '../../domain/settings.js';
import type { ConfiguredSink } from '../../domain/sinks.js';
import type { Registry } from '../../plugins/registry.js';
import { failureKinds, recordKinds } from '../../sdk/index.js';
import { explainFailure } from './explanations.js';
import { instantSchema, originSchema, settingsSchema } from './schemas.js';

/** What the API shows of a sink. */

const count = z.int().nonnegative();
const rate = z.number().nonnegative();

export const sinkStates = ['open', 'down', 'paused'] as const;

export const sinkStateSchema = z.enum(sinkStates).openapi({
  description: '`down`: nothing gets through, see `trouble`; `paused`: by an operator, until it is resumed.',
});

export const troubleSchema = z
  .object({
    kind: z.enum(failureKinds),
    message: z.string(),
    explanation: z.string(),
    since: instantSchema,
    pausedUntil: instantSchema,
  })
  .openapi('Trouble', {
    description:
      'Why nothing is delivered to a sink at the moment, since when nothing was, and when it is tried next.',
  });

const filterSchema = z
  .object({
    connectors: z.array(z.string()).optional(),
    custodians: z.array(z.uuid()).optional(),
    kinds: z.array(z.enum(recordKinds)).optional(),
  })
  .openapi('SinkFilter', { description: 'A record must meet every list that is there.' });

export const givenFilterSchema = z
  .strictObject({
    connectors: z.array(z.string().min(1).max(100)).max(100).optional(),
    custodians: z
      .array(z.string().min(1).max(200))
      .max(10_000)
      .optional()
      .openapi({ description: 'Ids or names.' }),
    kinds: z.array(z.string().min(1).max(100)).max(100).optional(),
  })
  .openapi('GivenSinkFilter', { description: 'A record must meet every list that is there.' });

export const sinkSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    type: z.string(),
    origin: originSchema,
    settings: settingsSchema.openapi({ description: 'Credentials are shown as ••••.' }),
    guarantees: z.object({
      immutable: z.boolean(),
      dedupes: z.boolean(),
      inspectable: z.boolean(),
      attachments: z.boolean().openapi({ description: 'The bytes of attachments are kept too.' }),
    }),
    filter: filterSchema.nullable().openapi({ description: 'Null: it takes every record.' }),
    state: sinkStateSchema,
    pausedAt: instantSchema.nullable(),
    trouble: troubleSchema.nullable(),
    waiting: count.openapi({ description: 'Deliveries that are still to be made.' }),
    lagSeconds: rate.openapi({ description: 'Age of the oldest record that waits; 0 when none does.' }),
    held: z
      .object({
        record: z.uuid(),
        kind: z.enum(failureKinds),
        message: z.string(),
        explanation: z.string(),
      })
      .nullable()
      .openapi({
        description:
          'Why the oldest record that waits was not taken when it was last tried. While the sink takes others, the cause may be that record.',
      }),
    delivered: count,
    deliveredPerMinute: rate.openapi({ description: 'Over the last minutes, five at most.' }),
    failed: count.openapi({ description: 'Tries that failed, whatever followed.' }),
    failedPerMinute: rate,
    dead: count.openapi({ description: 'Dead letters.' }),
    leftOut: count.openapi({ description: 'Records that the filter left out.' }),
  })
  .openapi('Sink');

export function sinkView(
  registry: Registry,
  sink: ConfiguredSink,
  figures: SinkFigures = noFigures,
): z.infer<typeof sinkSchema> {
  const { id, name, type, settings } = sink;
  return {
    id,
    name,
    type: type.id,
    origin: registry.originOf(type),
    settings: maskSecrets(type.settings, settings),
    guarantees: { ...type.guarantees, attachments: type.guarantees.attachments ?? false },
    filter: filterView(sink),
    ...stateView(sink),
    waiting: figures.pending,
    lagSeconds: rounded(figures.lagSeconds),
    held: figures.held && { ...figures.held, explanation: explainFailure(figures.held.kind) },
    delivered: figures.delivered,
    deliveredPerMinute: rounded(figures.deliveredPerMinute),
    failed: figures.failed,
    failedPerMinute: rounded(figures.failedPerMinute),
    dead: figures.dead,
    leftOut: figures.leftOut,
  };
}

function filterView({ filter }: ConfiguredSink): z.infer<typeof filterSchema> | null {
  if (filter === null) return null;
  const { connectors, custodians, kinds } = filter;
  return {
    ...(connectors && { connectors: [...connectors] }),
    ...(custodians && { custodians: [...custodians] }),
    ...(kinds && { kinds: [...kinds] }),
  };
}

function stateView({ stoppedAt, trouble }: ConfiguredSink) {
  const isUp = trouble === null ? 'open' : 'down';
  const state: (typeof sinkStates)[number] = stoppedAt === null ? isUp : 'paused';
  return {
    state,
    pausedAt: stoppedAt,
    trouble: trouble === null ? null : { ...trouble, explanation: explainFailure(trouble.kind) },
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
