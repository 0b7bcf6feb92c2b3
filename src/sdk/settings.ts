import { z } from 'zod';

/**
 * Settings of accounts and sinks are Zod objects. One schema gives validation, the command line's `--set`, generated
 * docs and redaction; these helpers mark what a plain Zod type cannot say. Values from the command line arrive as
 * strings, so a list also accepts comma-separated text.
 */

/** A credential: sealed at rest, shown as `••••`, removed from logs. */
export function secret(): z.ZodString {
  return z.string().min(1).meta({ secret: true });
}

/** Names of the settings that `secret()` marks. */
export function secretNames(settings: z.ZodObject): string[] {
  return Object.entries(settings.shape)
    .filter(([, field]) => isSecret(field as z.ZodType))
    .map(([name]) => name);
}

function isSecret(field: z.ZodType): boolean {
  if (field.meta()?.secret === true) return true;
  const inner = (field as { unwrap?: () => z.ZodType }).unwrap?.();
  return inner !== undefined && inner !== field && isSecret(inner);
}

/** Several values: a JSON array, or text with commas between. */
export function listOf<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z.union([z.array(z.string()), z.string().transform(splitList)]).pipe(z.array(item).min(1));
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** A number in E.164: `+` and 7 to 15 digits. */
export function phoneNumber(): z.ZodString {
  return z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number in E.164 form, such as +12025550123');
}
