import { type Accepted, type CallContext, Failure } from '../../sdk/index.js';
import { isFailure } from '../check.js';
import { namesNothing } from '../reference/asking.js';
import type { ConnectorSubject } from '../subject.js';
import type { Canary } from './canary.js';

type Context = CallContext<Record<string, unknown>>;
type Ask<Asked> = (asked: Asked, context: Context) => Promise<Accepted>;

/** A way to ask a provider that keeps the rules, and how one is made that does not. */
export interface Askable<Asked> {
  readonly name: 'send' | 'call';
  readonly ask: Ask<Asked>;
  /** The reference that asks in this way instead. */
  with(ask: Ask<Asked>): ConnectorSubject;
  /** Something else than what was asked. */
  altered(asked: Asked): Asked;
  /** What was asked, and a secret with it. */
  leaking(asked: Asked, secret: string): Asked;
  /** What no failure may repeat. */
  unsaid(asked: Asked): string;
}

/** Those that break the rules about asking a provider, each in one way. */
export function askingCanaries<Asked>(askable: Askable<Asked>): readonly Canary<ConnectorSubject>[] {
  return [...asking(askable), ...wrongKinds(askable), ...leaking(askable)];
}

function asking<Asked>({ name, ask, altered, ...askable }: Askable<Asked>): Canary<ConnectorSubject>[] {
  const found = (rule: string, fault: string, other: Ask<Asked>) => ({
    rule: `connector/${name}-${rule}`,
    fault,
    subject: askable.with(other),
  });
  return [
    found('asks-once', 'tries again when the provider fails', (asked, context) =>
      ask(asked, context).catch(() => ask(asked, context)),
    ),
    found('asks-once', 'does not look at its signal', (asked, context) =>
      ask(asked, { ...context, signal: new AbortController().signal }),
    ),
    found('says-what-was-asked', 'asks for something else', (asked, context) => ask(altered(asked), context)),
    found('says-what-was-asked', 'gives no id', async (asked, context) => ({
      ...(await ask(asked, context)),
      providerId: '',
    })),
    found('names-its-failures', 'takes any answer for success', (asked, context) =>
      ask(asked, context).catch((error: Failure) => {
        if (error.message === namesNothing) return { providerId: 'unknown', aliases: [] };
        throw error;
      }),
    ),
  ];
}

/** The reference, saying something else of what failed. */
function failing<Asked>(
  { name, ask, ...askable }: Askable<Asked>,
  rule: string,
  fault: string,
  change: (failure: Failure, asked: Asked, settings: Context['settings']) => unknown,
): Canary<ConnectorSubject> {
  const subject = askable.with(async (asked, context) => {
    try {
      return await ask(asked, context);
    } catch (error) {
      throw isFailure(error) ? change(error, asked, context.settings) : error;
    }
  });
  return { rule: `connector/${name}-${rule}`, fault, subject };
}

const as = (kind: Failure['kind']) => (failure: Failure) => new Failure(kind, failure.message);

function wrongKinds<Asked>(askable: Askable<Asked>): Canary<ConnectorSubject>[] {
  const wrong = (fault: string, change: (failure: Failure) => unknown) =>
    failing(askable, 'names-its-failures', fault, change);
  return [
    wrong('takes a broken connection for an outage', (failure) =>
      failure.kind === 'indeterminate' ? as('unavailable')(failure) : failure,
    ),
    wrong('does not know when nothing can have left', (failure) =>
      failure.kind === 'unavailable' ? as('indeterminate')(failure) : failure,
    ),
    wrong('takes wrong credentials for a refusal', (failure) =>
      failure.kind === 'auth' ? as('rejected')(failure) : failure,
    ),
    wrong('forgets how long to wait', (failure) =>
      failure.kind === 'throttled' ? as('throttled')(failure) : failure,
    ),
    wrong('throws what is no Failure', (failure) => new TypeError(failure.message)),
  ];
}

function leaking<Asked>(askable: Askable<Asked>): Canary<ConnectorSubject>[] {
  const { name, ask, unsaid } = askable;
  return [
    {
      rule: `connector/${name}-hides-secrets`,
      fault: 'puts its token into the body',
      subject: askable.with((asked, context) =>
        ask(askable.leaking(asked, String(context.settings.authToken)), context),
      ),
    },
    failing(
      askable,
      'hides-secrets',
      'names its token in a failure',
      ({ kind }, _, { authToken }) => new Failure(kind, `Refused: ${authToken}`),
    ),
    failing(
      askable,
      'hides-secrets',
      'repeats what was asked in a failure',
      ({ kind }, asked) => new Failure(kind, `Not done: ${unsaid(asked)}`),
    ),
  ];
}
