import { isIdentifier } from '../core/identifier.js';
import { type Connector, contractVersion, eventSchema, type Sink, z } from '../sdk/index.js';
import { PluginError } from './plugin-error.js';

/**
 * What a module of unknown make must export before the gateway takes it for a plugin. Only the shape is looked at: whether
 * the plugin behaves is for the test kit to say.
 */

/** By what it is rather than by its class: a package may bring a Zod of its own. */
const settingsSchema = z.custom(
  (value) => isObject(value) && typeof value.safeParse === 'function' && isObject(value.shape),
  'is not a Zod object; make it with z.strictObject({ … })',
);

const call = z.custom((value) => typeof value === 'function', 'is not a function');
const text = z.string('is not text').min(1, 'is empty');
const flag = z.boolean('is neither true nor false');
const list = <Item extends z.ZodType>(item: Item) => z.array(item, 'is not a list');

const shared = {
  id: text.refine(isIdentifier, 'is not lower-case letters, digits and single dashes, such as acme-chat'),
  title: text,
  settings: settingsSchema,
};

const kinds = eventSchema.options.map((option) => option.shape.kind.value);

const connectorSchema = z.looseObject({
  ...shared,
  version: text,
  capabilities: z.looseObject(
    {
      events: list(z.enum(kinds, 'is no kind of event')),
      gaps: z.enum(['recoverable', 'detectable', 'undetectable'], 'is none of its three values'),
      blindSpots: list(text),
    },
    'is not an object',
  ),
  webhooks: z.record(
    z.string(),
    z.looseObject(
      { purpose: text, verify: call, beforeReply: call.optional(), reply: call.optional() },
      'is not an object',
    ),
    'is not an object',
  ),
  ownAddresses: call,
  parse: call,
  route: call.optional(),
  send: call.optional(),
  routeCall: call.optional(),
  call: call.optional(),
  recordsCalls: call.optional(),
  recordings: call.optional(),
  media: call.optional(),
  run: call.optional(),
  reconcile: call.optional(),
});

const sinkSchema = z.looseObject({
  ...shared,
  guarantees: z.looseObject({ immutable: flag, dedupes: flag, inspectable: flag }, 'is not an object'),
  open: call,
});

export type Shaped =
  | { readonly family: 'connector'; readonly plugin: Connector }
  | { readonly family: 'sink'; readonly plugin: Sink };

/** @throws {PluginError} says what is missing. */
export function shapeOf(exported: unknown): Shaped {
  if (!isObject(exported)) {
    throw new PluginError(
      'it has no default export that is a plugin; write "export default defineConnector({ … })" or defineSink.',
    );
  }
  requireContract(exported.contract);
  if ('parse' in exported) {
    requireShape('connector', connectorSchema, exported);
    return { family: 'connector', plugin: exported as unknown as Connector };
  }
  if ('open' in exported) {
    requireShape('sink', sinkSchema, exported);
    return { family: 'sink', plugin: exported as unknown as Sink };
  }
  throw new PluginError(
    'its default export is neither a connector, which has "parse", nor a sink, which has "open"; see docs/spec.',
  );
}

function requireContract(declared: unknown = 1): void {
  if (declared === contractVersion) return;
  throw new PluginError(
    `it was made for version ${String(declared)} of the plugin contract, and this gateway has version ${contractVersion}; ` +
      'use a release of the plugin that fits, or update the gateway.',
  );
}

function requireShape(family: string, schema: z.ZodType, exported: unknown): void {
  const checked = schema.safeParse(exported);
  if (checked.success) return;
  const faults = checked.error.issues.map(({ path, message }) => `"${path.join('.')}" ${message}`);
  throw new PluginError(
    `as a ${family} it is not complete: ${faults.join('; ')}. See docs/spec/${family}.md.`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
