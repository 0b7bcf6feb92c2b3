import { Failure, z } from '../../sdk/index.js';

const acceptedSchema = z.object({ id: z.string().min(1) });

interface Context {
  readonly settings: Record<string, unknown>;
  readonly signal: AbortSignal;
}

/** Asks the reference provider for something, as JSON; it answers with an id. Says which failures may have been taken. */
export async function askProvider(path: string, body: unknown, { settings, signal }: Context) {
  let answer: { status: number; retryAfter: string | null; body: string };
  try {
    const response = await fetch(`${settings.apiUrl}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Bearer ${settings.authToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    const { status, headers } = response;
    answer = { status, retryAfter: headers.get('retry-after'), body: await response.text() };
  } catch (cause) {
    const { code } = (cause as { cause?: { code?: string } }).cause ?? {};
    const kind = code === 'ECONNREFUSED' ? 'unavailable' : 'indeterminate';
    throw new Failure(kind, 'There was no answer.', { cause });
  }
  if (answer.status >= 500) throw new Failure('indeterminate', 'The provider failed.');
  if (answer.status === 429) {
    throw new Failure('throttled', 'Too fast.', { retryAfterMs: Number(answer.retryAfter) * 1_000 });
  }
  if (answer.status >= 400) throw new Failure(answer.status === 401 ? 'auth' : 'rejected', 'It was refused.');
  return { providerId: readId(answer.body), aliases: [readId(answer.body)] };
}

/** What a failure says where the answer is not one of the provider's. */
export const namesNothing = 'The answer names nothing.';

function readId(body: string): string {
  try {
    return acceptedSchema.parse(JSON.parse(body)).id;
  } catch (cause) {
    throw new Failure('indeterminate', namesNothing, { cause });
  }
}

/** What the reference provider answers; `read` and `settingsAt` are the subject's. */
export const referenceAnswers = {
  accepted: { status: 201, body: JSON.stringify({ id: 'm9' }) },
  unauthorized: { status: 401, body: '{}' },
  throttled: {
    answer: { status: 429, headers: { 'retry-after': '60' }, body: '{}' },
    retryAfterMs: 60_000,
  },
  rejected: { status: 400, body: '{}' },
  outOfOrder: { status: 503, body: '{}' },
};
