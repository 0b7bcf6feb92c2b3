import { sha256Hex } from '../../src/core/digest.js';
import {
  defineConnector,
  defineSink,
  Failure,
  listOf,
  type Parsed,
  phoneNumber,
  secret,
  z,
} from '../../src/sdk/index.js';

/**
 * A connector whose captures say in JSON what they are to be read as: `{"events": […]}` or `{"unsupported": "why"}`; a
 * body that is no JSON makes it throw.
 */
export const testConnector = defineConnector({
  id: 'test-chat',
  title: 'A chat for tests',
  version: '1',
  settings: z.strictObject({ token: secret(), numbers: listOf(phoneNumber()) }),
  capabilities: {
    events: ['message', 'receipt', 'edit'],
    gaps: 'undetectable',
    blindSpots: ['Whispers.'],
    calls: { idempotent: false, callsPerSecond: 1 },
  },
  webhooks: {
    messages: {
      purpose: 'Messages and receipts.',
      verify: (capture, settings) =>
        capture.headers['x-token'] === settings.token
          ? { ok: true }
          : { ok: false, reason: 'missing_signature' },
    },
  },
  ownAddresses: (settings) => settings.numbers,
  routeCall({ to, ring = '+12025550145' }, { numbers: [own = ''] }) {
    if (!to.startsWith('+')) return { ok: false, reason: 'Give the number as +12025550123.' };
    const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });
    const route = { from: address(own), to: address(to), ring: address(ring) };
    return { ok: true, route: { ...route, conversation: `${own} ${to}`, channel: 'voice' } };
  },
  call: async ({ id }) => ({ providerId: id, aliases: [`call/${id}`] }),
  parse(capture): Parsed {
    const said = JSON.parse(Buffer.from(capture.body).toString('utf8'));
    if (said.unsupported !== undefined) return { kind: 'unsupported', reason: said.unsupported };
    return { kind: 'events', events: said.events };
  },
});

export type Shelf = Map<string, Uint8Array>;

/** What sinks of the type `shelf` keep, by the name of the shelf; a test may tamper with it. */
export const shelves = new Map<string, Shelf>();

const refusing = new Set<string>();

/** From now on a shelf refuses every record, or takes them again. */
export function refuse(shelf: string, on: boolean): void {
  if (on) refusing.add(shelf);
  else refusing.delete(shelf);
}

/** A sink in memory. A shelf that begins with `missing` cannot be opened. */
export const shelfSink = defineSink({
  id: 'shelf',
  title: 'A shelf for tests',
  settings: z.strictObject({ shelf: z.string().min(1), password: secret().optional() }),
  guarantees: { immutable: false, dedupes: true, inspectable: true },
  async open(settings) {
    if (settings.shelf.startsWith('missing')) throw new Failure('config', 'There is no such shelf.');
    const shelf: Shelf = shelves.get(settings.shelf) ?? new Map();
    shelves.set(settings.shelf, shelf);
    return {
      deliver: async (deliveries) =>
        deliveries.map(({ idempotencyKey, bytes }) => {
          if (refusing.has(settings.shelf)) {
            return { ok: false, failure: new Failure('rejected', 'The shelf will not have it.') };
          }
          shelf.set(idempotencyKey, bytes);
          const storedAt = new Date().toISOString();
          return { ok: true, evidence: { locator: idempotencyKey, sha256: sha256Hex(bytes), storedAt } };
        }),
      async inspect({ locator, sha256 }) {
        const bytes = shelf.get(locator);
        if (bytes === undefined) return 'missing';
        return sha256Hex(bytes) === sha256 ? 'intact' : 'altered';
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
});

/** A sink that cannot read back what it took. */
export const mailboxSink = defineSink({
  id: 'mailbox',
  title: 'A mailbox for tests',
  settings: z.strictObject({}),
  guarantees: { immutable: false, dedupes: false, inspectable: false },
  open: async () => ({
    deliver: async () => [],
    [Symbol.asyncDispose]: async () => undefined,
  }),
});
