import type { SessionHealth, SessionState } from 'archway/sdk';

/** Why a connection ended. */
export const endReasons = [
  'restart-required',
  'connection-lost',
  'unavailable',
  'silent',
  'replaced',
  'logged-out',
  'banned',
  'bad-session',
  'outdated',
  'not-linked-in-time',
  'other-phone',
  'other-number',
  'unknown',
] as const;

export type EndReason = (typeof endReasons)[number];

const reasonByCode: Readonly<Record<number, EndReason>> = {
  401: 'logged-out',
  403: 'banned',
  405: 'outdated',
  408: 'connection-lost',
  411: 'bad-session',
  419: 'logged-out',
  428: 'connection-lost',
  440: 'replaced',
  500: 'bad-session',
  503: 'unavailable',
  515: 'restart-required',
};

/** By the code that the library gives: the server's own, or one for what happened on the way. */
export function reasonOf(code: number | undefined): EndReason {
  return (code === undefined ? undefined : reasonByCode[code]) ?? 'unknown';
}

/** How the session stands between two connections. Kept, so that a restart goes on from here. */
export interface Standing {
  readonly reason: EndReason;
  /** How many connections have ended one after the other, without one that was open for a while. */
  readonly failures: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export type Step =
  | { readonly kind: 'connect'; readonly delayMs: number; readonly health: SessionHealth }
  /** Until the operator says what to do. `forget`: the keys are of no use any more. */
  | { readonly kind: 'wait'; readonly health: SessionHealth; readonly forget: boolean };

const firstDelayMs = 1_000;
const delayMaxMs = 5 * 60_000;
/** Restarts that the server asks for belong to linking; more of them in a row are a fault. */
const restartsMax = 3;
const badSessionsMax = 3;

const link = 'archway account link';

const waiting: Readonly<Partial<Record<EndReason, readonly [SessionState, string, string]>>> = {
  replaced: [
    'replaced',
    'Another program has taken over this linked device.',
    `Find it and stop it; then take the device back: ${link}`,
  ],
  'logged-out': [
    'logged-out',
    'The phone has unlinked this device, or was not online for two weeks.',
    `Link it again: ${link}`,
  ],
  banned: [
    'banned',
    'WhatsApp refuses this account.',
    `Open WhatsApp on the phone and follow what it says there; then try again: ${link}`,
  ],
  'bad-session': [
    'degraded',
    'WhatsApp does not accept the keys of this device any more.',
    `Link it again: ${link}`,
  ],
  outdated: [
    'degraded',
    'WhatsApp does not accept this version of the gateway’s WhatsApp library any more.',
    `Update the gateway; then try again: ${link}`,
  ],
  'not-linked-in-time': ['awaiting-pairing', 'Nobody has linked a phone yet.', `Link it: ${link}`],
  'other-phone': [
    'awaiting-pairing',
    'The phone that was linked has another number than the setting number says. It was unlinked again.',
    `Link the right one: ${link}`,
  ],
  'other-number': [
    'degraded',
    'The linked phone has another number than the setting number says.',
    `Correct the setting: archway account set; or unlink the phone: archway account unlink. Then: ${link}`,
  ],
};

/** Whose keys are of no use any more. */
const keysEnd: ReadonlySet<EndReason> = new Set(['logged-out', 'other-phone']);

/** What to do after a connection has ended. Pure. @param random from 0 up to 1. */
export function nextStep({ reason, failures }: Standing, random: number): Step {
  if (reason === 'restart-required' && failures <= restartsMax) {
    return { kind: 'connect', delayMs: 0, health: { state: 'connecting' } };
  }
  const stop = waiting[reason];
  if (stop !== undefined && (reason !== 'bad-session' || failures >= badSessionsMax)) {
    const [state, detail, action] = stop;
    return { kind: 'wait', health: { state, detail, action }, forget: keysEnd.has(reason) };
  }
  const ceiling = Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(failures - 1, 20));
  const delayMs = Math.round(ceiling * (0.5 + random / 2));
  return {
    kind: 'connect',
    delayMs,
    health: {
      state: 'degraded',
      detail: `${sentences[reason] ?? sentences.unknown} It is tried again by itself.`,
    },
  };
}

const sentences: Readonly<Partial<Record<EndReason, string>>> & { readonly unknown: string } = {
  'connection-lost': 'The connection to WhatsApp was lost.',
  unavailable: 'WhatsApp is not available now.',
  silent: 'The connection to WhatsApp was open, and nothing came any more.',
  'bad-session': 'WhatsApp did not accept the keys of this device.',
  'restart-required': 'WhatsApp asks for a new connection again and again.',
  unknown: 'The connection to WhatsApp ended.',
};

/** A connection that was open for this long ends the count of failures. */
const steadyMs = 60_000;

export function standingAfter(
  before: Standing | undefined,
  reason: EndReason,
  { openMs, now }: { readonly openMs: number; readonly now: Date },
): Standing {
  const isNew =
    before === undefined ||
    openMs >= steadyMs ||
    (before.reason === 'restart-required') !== (reason === 'restart-required');
  return { reason, failures: isNew ? 1 : before.failures + 1, at: now.toISOString() };
}

export function readStanding(text: string | undefined): Standing | undefined {
  if (text === undefined) return undefined;
  const { reason, failures, at } = JSON.parse(text) as Standing;
  return endReasons.includes(reason) ? { reason, failures, at } : undefined;
}
