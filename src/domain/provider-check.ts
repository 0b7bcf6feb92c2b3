import type { AccountCheck, CheckContext, Failure, FailureKind } from '../sdk/index.js';
import type { Account } from './accounts.js';

const timeoutMs = 15_000;

/** What to do about a provider that does not answer as it should. */
const remedies: Readonly<Record<FailureKind, string>> = {
  auth: 'Give the account other credentials: archway account set',
  config: 'Correct the settings of the account: archway account set',
  throttled: 'Try again in a while.',
  unavailable: 'Check that this machine reaches the provider; then try again.',
  rejected: 'Correct the settings of the account: archway account set',
  indeterminate: 'Try again.',
};

/** Asks the provider about an account, where its connector can. Never throws: what goes wrong is a check that failed. */
export async function checkAtProvider(account: Account, publicUrl: string): Promise<readonly AccountCheck[]> {
  const { connector, settings, id } = account;
  if (connector.check === undefined) return [];
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly AccountCheck[]>((resolve) => {
    timer = setTimeout(() => {
      ending.abort();
      resolve([failed('The provider gave no answer in time.', remedies.unavailable)]);
    }, timeoutMs);
  });
  const context: CheckContext<Record<string, unknown>> = {
    settings,
    signal: ending.signal,
    now: () => new Date(),
    webhookUrl: (endpoint) => `${publicUrl}/webhooks/${id}/${endpoint}`,
  };
  try {
    return await Promise.race([connector.check(context), late]);
  } catch (error) {
    if (!isFailure(error)) return [failed('The connector failed; that is a fault in it.', 'Report it.')];
    return [failed(error.message, remedies[error.kind])];
  } finally {
    clearTimeout(timer);
  }
}

function failed(detail: string, remedy: string): AccountCheck {
  return { name: 'provider', ok: false, detail, remedy };
}

/** By its shape, since a plugin may bring its own copy of the SDK. */
function isFailure(error: unknown): error is Failure {
  return (
    error instanceof Error && error.name === 'Failure' && 'kind' in error && String(error.kind) in remedies
  );
}
