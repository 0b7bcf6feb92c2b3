import type { Accepted, FailureKind } from '../../sdk/index.js';
import { isFailure, must, mustEqual } from '../check.js';
import { prepareConnector } from '../connector-case.js';
import { type Behaviour, nobodysUrl, type StandIn, withStandIn } from '../provider.js';
import { secretIn, secretValues, textOf } from '../secrets.js';
import type { ConnectorSubject, ProviderRequest, ProviderSide, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

/** What came of asking the provider once. */
export type Outcome = { readonly accepted: Accepted } | { readonly error: unknown };

/** One thing that the provider is asked for, and how it is tried. */
export interface Trial {
  readonly provider: ProviderSide<unknown>;
  /** What `read` must find in the request. */
  readonly asked: unknown;
  /** What no message of a failure may hold. */
  readonly unsaid: readonly string[];
  /** Asks the provider at this address. */
  ask(url: string, signal: AbortSignal): Promise<Outcome>;
}

/** What is tried: `send` or `call`, the trials of a connector, and the words of the rules about them. */
export interface Asking {
  readonly name: 'send' | 'call';
  readonly thing: string;
  readonly givenOn: string;
  /** None where the connector does not do it. */
  trialsOf(subject: ConnectorSubject): readonly Trial[];
}

type Side = ProviderSide<unknown>;
type End = readonly [what: string, behaviour: (provider: Side) => Behaviour, means: FailureKind];

const nonsense: Behaviour = { status: 200, body: 'No such thing.' };

/** What a provider may do, and what that means for what it was asked. */
const ends: readonly End[] = [
  ['refused the credentials', ({ unauthorized }) => unauthorized, 'auth'],
  ['asked to slow down', ({ throttled }) => throttled.answer, 'throttled'],
  ['refused the request', ({ rejected }) => rejected, 'rejected'],
  ['failed', ({ outOfOrder }) => outOfOrder, 'indeterminate'],
  ['broke the connection', () => 'break', 'indeterminate'],
  ['answered with nonsense', () => nonsense, 'indeterminate'],
];
const allEnds = [['took the request', ({ accepted }: Side) => accepted] as const, ...ends];

/** What came of a promise that must settle: a value, or what it threw. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { accepted: (await call()) as Accepted };
  } catch (error) {
    return { error };
  }
}

/** What holds of the call that asks a provider for something that happens in the world, and must happen once. */
export function askingRules(asking: Asking): readonly ConnectorRule[] {
  return [asksOnce(asking), saysWhatWasAsked(asking), namesItsFailures(asking), hidesSecrets(asking)];
}

/** Puts each trial to a stand-in that behaves so. */
async function tryAll(
  trials: readonly Trial[],
  behaviour: (provider: Side) => Behaviour,
  judge: (outcome: Outcome, standIn: StandIn, trial: Trial) => void,
): Promise<void> {
  for (const trial of trials) {
    await withStandIn(behaviour(trial.provider), async (standIn) => {
      judge(await trial.ask(standIn.url, new AbortController().signal), standIn, trial);
    });
  }
}

function asksOnce({ name, thing, trialsOf }: Asking): ConnectorRule {
  return {
    id: `connector/${name}-asks-once`,
    title: `${name} makes one request for a ${thing}, whatever comes of it, and repeats none.`,
    async run(subject) {
      const trials = trialsOf(subject);
      for (const [what, behaviour] of allEnds) {
        await tryAll(trials, behaviour, (_, { requests }) => {
          must(requests.length === 1, `The provider ${what}, and was asked ${requests.length} times.`);
        });
      }
      for (const trial of trials) {
        await withStandIn(trial.provider.accepted, async ({ url, requests }) => {
          const outcome = await trial.ask(url, AbortSignal.abort());
          must(
            'error' in outcome && requests.length === 0,
            'Aborted beforehand, it asked the provider all the same.',
          );
        });
      }
    },
  };
}

function saysWhatWasAsked({ name, thing, givenOn, trialsOf }: Asking): ConnectorRule {
  return {
    id: `connector/${name}-says-what-was-asked`,
    title: `The provider gets ${givenOn} as they were given, and its id of the ${thing} comes back.`,
    async run(subject) {
      await tryAll(
        trialsOf(subject),
        ({ accepted }) => accepted,
        (outcome, { requests }, { provider, asked }) => {
          must(
            'accepted' in outcome,
            `The provider took the ${thing}, and ${name} threw ${textOf('error' in outcome ? outcome.error : '')}`,
          );
          const { providerId, aliases } = outcome.accepted;
          must(typeof providerId === 'string' && providerId !== '', `${name} gave no \`providerId\`.`);
          must(
            Array.isArray(aliases) && aliases.every((alias) => typeof alias === 'string' && alias !== ''),
            `${name} gave \`aliases\` that are no list of keys.`,
          );
          for (const request of requests)
            mustEqual(provider.read(request), asked, 'What the provider was asked');
        },
      );
    },
  };
}

function namesItsFailures({ name, thing, trialsOf }: Asking): ConnectorRule {
  return {
    id: `connector/${name}-names-its-failures`,
    title: `${name} throws a Failure whose kind says whether the ${thing} may have been taken.`,
    async run(subject) {
      const trials = trialsOf(subject);
      const mustBe = (outcome: Outcome, means: FailureKind, what: string) => {
        must('error' in outcome, `${what}, and ${name} says that it was taken.`);
        const { error } = outcome;
        must(isFailure(error), `${what}, and ${name} threw something that is no Failure: ${String(error)}`);
        must(error.kind === means, `${what}, and the Failure is ${error.kind}, not ${means}.`);
        return error;
      };
      for (const [what, behaviour, means] of ends) {
        await tryAll(trials, behaviour, (outcome, _, { provider }) => {
          const failure = mustBe(outcome, means, `The provider ${what}`);
          if (means !== 'throttled') return;
          const { retryAfterMs } = provider.throttled;
          must(
            Math.abs((failure.retryAfterMs ?? 0) - retryAfterMs) <= 2_000,
            `The provider asked to wait ${retryAfterMs} ms, and the Failure says ${failure.retryAfterMs}.`,
          );
        });
      }
      for (const trial of trials) {
        const refused = await trial.ask(await nobodysUrl(), new AbortController().signal);
        mustBe(refused, 'unavailable', 'Nobody listens at the address of the provider');
        await withStandIn('silence', async ({ url, asked }) => {
          const controller = new AbortController();
          asked.then(() => controller.abort());
          const outcome = await trial.ask(url, controller.signal);
          mustBe(outcome, 'indeterminate', 'The provider gave no answer until time was up');
        });
      }
    },
  };
}

function hidesSecrets({ name, givenOn, trialsOf }: Asking): ConnectorRule {
  const inBody = ({ body }: ProviderRequest) => Buffer.from(body).toString('utf8');
  return {
    id: `connector/${name}-hides-secrets`,
    title: `No secret is in the body of a request, nor in a failure; nor are ${givenOn} in its message.`,
    async run(subject) {
      const secrets = secretValues(prepareConnector(subject));
      const trials = trialsOf(subject);
      for (const [what, behaviour] of allEnds) {
        await tryAll(trials, behaviour, (outcome, { requests }, { unsaid }) => {
          for (const request of requests) {
            must(
              secretIn(inBody(request), secrets) === undefined,
              'The body of the request holds a secret of the settings.',
            );
          }
          if (!('error' in outcome)) return;
          must(
            secretIn(outcome.error, secrets) === undefined,
            `The provider ${what}, and the failure holds a secret of the settings.`,
          );
          const message = outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
          must(
            !unsaid.some((part) => message.includes(part)),
            `The provider ${what}, and the message of the failure holds a part of what was asked.`,
          );
        });
      }
    },
  };
}
