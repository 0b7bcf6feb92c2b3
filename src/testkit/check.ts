import { isDeepStrictEqual } from 'node:util';
import { type Failure, failureKinds } from '../sdk/index.js';

/** Thrown by a rule: the plugin does something that it must not. Any other error is a fault of kit or subject. */
export class RuleBroken extends Error {
  override readonly name = 'RuleBroken';
}

/** Breaks the rule, with a sentence that tells the plugin's author what was seen, unless `condition` holds. */
export function must(condition: boolean, whatIsWrong: string): asserts condition {
  if (!condition) throw new RuleBroken(whatIsWrong);
}

/** Breaks the rule unless both values are deeply equal; the message shows where they first differ. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new RuleBroken(`${what} ${differenceBetween(actual, expected)}`);
}

/** Runs `call`; an exception breaks the rule. */
export function mustReturn<Value>(call: () => Value, what: string): Value {
  try {
    return call();
  } catch (error) {
    throw new RuleBroken(`${what} threw instead of returning a value: ${String(error)}`);
  }
}

/** Awaits `promise`; a rejection, or no answer within 20 seconds, breaks the rule. */
export async function mustResolve<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RuleBroken(`${what} gave no answer within 20 seconds.`)), 20_000);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    if (error instanceof RuleBroken) throw error;
    throw new RuleBroken(`${what} rejected: ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether a value is a `Failure`. By shape, since a plugin outside the tree may carry its own copy of the class.
 */
export function isFailure(value: unknown): value is Failure {
  return (
    value instanceof Error &&
    value.name === 'Failure' &&
    (failureKinds as readonly unknown[]).includes((value as { kind?: unknown }).kind)
  );
}

/** `at events.0.text is "a", not "b"` for the first place where two values differ. */
function differenceBetween(actual: unknown, expected: unknown, path: readonly string[] = []): string {
  if (isObject(actual) && isObject(expected)) {
    for (const key of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
      if (!isDeepStrictEqual(actual[key], expected[key])) {
        return differenceBetween(actual[key], expected[key], [...path, key]);
      }
    }
  }
  const place = path.length === 0 ? '' : `at ${path.join('.')} `;
  return `${place}is ${show(actual)}, not ${show(expected)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
