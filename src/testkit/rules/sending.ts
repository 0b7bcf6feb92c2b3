import type { Accepted, FailureKind, OutboundMessage } from '../../sdk/index.js';
import { isFailure, must, mustEqual, mustResolve } from '../check.js';
import { prepareConnector } from '../connector-case.js';
import { type Behaviour, nobodysUrl, type StandIn, withStandIn } from '../provider.js';
import { secretIn, secretValues, textOf } from '../secrets.js';
import type { ConnectorSubject, OutboundProvider, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const messageId = '0192f0c1-5b1e-7c00-8000-00000000c001';
/** What careless encodings change. */
const text = 'Zoë: 1 + 1 = 2 & "100 %"\n<b>née</b> 👍 %41 \\n';

/** What came of one call of `send`. */
type Outcome = { readonly accepted: Accepted } | { readonly error: unknown };

/** Everything that is needed to try one message. */
interface Trial {
  readonly provider: OutboundProvider;
  readonly to: string;
  /** Sends the message to the provider at this address. */
  send(url: string, signal?: AbortSignal): Promise<Outcome>;
}

/** The trials of a connector: one message to each recipient. None where it does not send, or sends by its session. */
function trialsOf(subject: ConnectorSubject): Trial[] {
  const { connector, outbound } = subject;
  const provider = outbound?.provider;
  if (connector.send === undefined || connector.route === undefined || provider === undefined) return [];
  return (outbound?.recipients ?? []).map(
    (to): Trial => ({
      provider,
      to,
      async send(url, signal = new AbortController().signal) {
        const { settings } = prepareConnector({ ...subject, settings: provider.settingsAt(url) });
        const routed = connector.route?.({ to, mediaCount: 0 }, settings);
        must(
          routed?.ok === true,
          `route refused ${JSON.stringify(to)}, which the subject says it must take.`,
        );
        const message: OutboundMessage = {
          id: messageId,
          from: routed.route.from,
          to: routed.route.to,
          text,
          media: [],
          callbackUrl: (endpoint) => `https://archway.example.com/webhooks/${messageId}/${endpoint}`,
        };
        const call = async () => connector.send?.(message, { settings, signal, now: () => new Date() });
        const ended = call().then(
          (accepted): Outcome => ({ accepted: accepted as Accepted }),
          (error: unknown): Outcome => ({ error }),
        );
        return mustResolve(ended, `send to ${JSON.stringify(to)}`);
      },
    }),
  );
}

/** Sends each trial to a stand-in that behaves so. */
async function tryAll(
  subject: ConnectorSubject,
  behaviour: (provider: OutboundProvider) => Behaviour,
  judge: (outcome: Outcome, standIn: StandIn, trial: Trial) => void,
): Promise<void> {
  for (const trial of trialsOf(subject)) {
    await withStandIn(behaviour(trial.provider), async (standIn) => {
      judge(await trial.send(standIn.url), standIn, trial);
    });
  }
}

const nonsense: Behaviour = { status: 200, body: 'No such thing.' };

/** What a provider may do with a message, and what that means for it. */
const ends: readonly (readonly [
  what: string,
  behaviour: (provider: OutboundProvider) => Behaviour,
  means: FailureKind,
])[] = [
  ['refused the credentials', ({ unauthorized }) => unauthorized, 'auth'],
  ['asked to slow down', ({ throttled }) => throttled.answer, 'throttled'],
  ['refused the message', ({ rejected }) => rejected, 'rejected'],
  ['failed', ({ outOfOrder }) => outOfOrder, 'indeterminate'],
  ['broke the connection', () => 'break', 'indeterminate'],
  ['answered with nonsense', () => nonsense, 'indeterminate'],
];

const sendAsksOnce: ConnectorRule = {
  id: 'connector/send-asks-once',
  title: 'send makes one request for a message, whatever comes of it, and repeats none.',
  async run(subject) {
    const all = [['took the message', ({ accepted }: OutboundProvider) => accepted] as const, ...ends];
    for (const [what, behaviour] of all) {
      await tryAll(subject, behaviour, (_, { requests }) => {
        must(requests.length === 1, `The provider ${what}, and was asked ${requests.length} times.`);
      });
    }
    for (const trial of trialsOf(subject)) {
      await withStandIn(trial.provider.accepted, async ({ url, requests }) => {
        const { signal } = abortedBeforehand();
        const outcome = await trial.send(url, signal);
        must(
          'error' in outcome && requests.length === 0,
          'Aborted beforehand, it asked the provider all the same.',
        );
      });
    }
  },
};

function abortedBeforehand(): AbortController {
  const controller = new AbortController();
  controller.abort();
  return controller;
}

const sendSaysWhatWasAsked: ConnectorRule = {
  id: 'connector/send-says-what-was-asked',
  title:
    'The provider gets the recipient and the text as they were given, and its id of the message comes back.',
  async run(subject) {
    await tryAll(
      subject,
      ({ accepted }) => accepted,
      (outcome, { requests }, { provider, to }) => {
        must(
          'accepted' in outcome,
          `The provider took the message, and send threw ${textOf('error' in outcome ? outcome.error : '')}`,
        );
        const { providerId, aliases } = outcome.accepted;
        must(typeof providerId === 'string' && providerId !== '', 'send gave no `providerId`.');
        must(
          Array.isArray(aliases) && aliases.every((alias) => typeof alias === 'string' && alias !== ''),
          'send gave `aliases` that are no list of keys.',
        );
        for (const request of requests)
          mustEqual(provider.read(request), { to, text }, 'What the provider was asked');
      },
    );
  },
};

const sendNamesItsFailures: ConnectorRule = {
  id: 'connector/send-names-its-failures',
  title: 'send throws a Failure whose kind says whether the message may have been taken.',
  async run(subject) {
    for (const [what, behaviour, means] of ends) {
      await tryAll(subject, behaviour, (outcome, _, { provider }) => {
        const failure = mustBe(outcome, means, `The provider ${what}`);
        if (means !== 'throttled') return;
        const { retryAfterMs } = provider.throttled;
        must(
          Math.abs((failure.retryAfterMs ?? 0) - retryAfterMs) <= 2_000,
          `The provider asked to wait ${retryAfterMs} ms, and the Failure says ${failure.retryAfterMs}.`,
        );
      });
    }
    for (const trial of trialsOf(subject)) {
      mustBe(
        await trial.send(await nobodysUrl()),
        'unavailable',
        'Nobody listens at the address of the provider',
      );
      await withStandIn('silence', async ({ url, asked }) => {
        const controller = new AbortController();
        asked.then(() => controller.abort());
        const outcome = await trial.send(url, controller.signal);
        mustBe(outcome, 'indeterminate', 'The provider gave no answer until time was up');
      });
    }
  },
};

function mustBe(outcome: Outcome, means: FailureKind, what: string) {
  must('error' in outcome, `${what}, and send says that it was taken.`);
  const { error } = outcome;
  must(isFailure(error), `${what}, and send threw something that is no Failure: ${String(error)}`);
  must(error.kind === means, `${what}, and the Failure is ${error.kind}, not ${means}.`);
  return error;
}

const sendHidesSecrets: ConnectorRule = {
  id: 'connector/send-hides-secrets',
  title:
    'No secret is in the body of a request, nor in a failure; nor is the text or the recipient in its message.',
  async run(subject) {
    const secrets = secretValues(prepareConnector(subject));
    const all = [['took the message', ({ accepted }: OutboundProvider) => accepted] as const, ...ends];
    for (const [what, behaviour] of all) {
      await tryAll(subject, behaviour, (outcome, { requests }, { to }) => {
        for (const { body } of requests) {
          must(
            secretIn(Buffer.from(body).toString('utf8'), secrets) === undefined,
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
          !message.includes(to) && !message.includes('1 + 1 = 2'),
          `The provider ${what}, and the message of the failure names the recipient or the text.`,
        );
      });
    }
  },
};

/** What holds of the call that hands a message to its provider. */
export const sendingRules: readonly ConnectorRule[] = [
  sendAsksOnce,
  sendSaysWhatWasAsked,
  sendNamesItsFailures,
  sendHidesSecrets,
];
