import { z } from '@hono/zod-openapi';
import { instantSchema } from '../../sdk/index.js';

/** What the routes have in common: their answers, their problems, and the names that travel in them. */

export { instantSchema };

export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What is wrong and what to do about it.' }),
    errors: z.array(z.string()).optional().openapi({ description: 'One sentence per field that is wrong.' }),
  })
  .openapi('Problem', { description: 'Problem details by RFC 9457.' });

export function jsonAnswer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

export function problemAnswer(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } };
}

export const problems = {
  400: problemAnswer('The request does not fit the schema; `errors` names each field.'),
  401: problemAnswer('The API key is missing or unknown.'),
  403: problemAnswer('The API key has not the scope for this.'),
  404: problemAnswer('No such thing in an instance that this key may see.'),
  500: problemAnswer('Something failed on our side; the log of the server says what.'),
  503: problemAnswer('The database, or a system behind a sink, cannot be reached; try again.'),
};

/** Of routes that take a body. */
export const bodyProblems = {
  ...problems,
  413: problemAnswer('The body is larger than 1 MB, or a file of people than 16 MB.'),
  415: problemAnswer('The body is not sent as application/json.'),
};

export const security = [{ apiKey: [] }];

export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } };
}

export function optionalJsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: false, content: { 'application/json': { schema } } };
}

export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    next: z.string().nullable().openapi({ description: 'Cursor of the next page; null on the last one.' }),
  });
}

const instance = z.string().min(1).max(200).optional().openapi({
  description: "Name or id of the instance. Default: the key's own instance, else `default`.",
});

export const timeText = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-11-23T09:30:00Z' })
  .refine((text) => !isOutOfRange(new Date(text).getUTCFullYear()), 'is out of range');

/** Years that the database does not read in the form in which JavaScript writes them. */
function isOutOfRange(year: number): boolean {
  return year < 1 || year > 9999;
}

export const timeFilter = (description: string) => timeText.optional().openapi({ description });

export const nameFilter = (description: string) =>
  z.string().min(1).max(200).optional().openapi({ description });

export const orderFilter = z
  .enum(['oldest', 'newest'])
  .default('oldest')
  .openapi({ description: 'Which come first, by the order of the journal. The same on every page.' });

/** Strict: a filter that is spelt wrong must not pass for no filter. */
export const instanceQuery = z.strictObject({ instance });

const wholeNumber = 'must be a whole number from 1 to 500';

export const pageQuery = instanceQuery.extend({
  limit: z.coerce
    .number(wholeNumber)
    .int(wholeNumber)
    .min(1, wholeNumber)
    .max(500, wholeNumber)
    .default(100)
    .openapi({ description: 'Items on a page.' }),
  cursor: z.string().min(1).max(500).optional().openapi({ description: '`next` of the page before.' }),
});

export const idParams = z.object({ id: z.uuid() });

export const idOrNameParams = z.object({
  id: z.string().min(1).max(200).openapi({ description: 'Id or name.' }),
});

const wellFormedText = (text: string) => text.isWellFormed() && !text.includes('\0');

/** Text that an operator gives and that must survive UTF-8. */
export function operatorText(lengthMax: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(lengthMax)
    .refine(wellFormedText, 'must be text without NUL characters');
}

export const settingsSchema = z.record(z.string(), z.unknown());

export const personSchema = z.object({ id: z.uuid(), name: z.string() }).openapi('Person');

/** Where the plugin came from, so that an auditor sees what runs here. */
export const originSchema = z.string().openapi({
  description:
    '`built-in`, the path of the file that the plugin was loaded from, or its package as name@version.',
});

export const replayBody = z.strictObject({
  ids: z.array(z.uuid()).max(10_000).optional().openapi({ description: 'Only these; without it, all.' }),
});

export const replayedSchema = z.object({ replayed: z.int().nonnegative() }).openapi('Replayed');
