import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { eventSchema, keySchema, z } from '../sdk/index.js';
import type { Fixture } from './subject.js';

/** `fixtures/<name>.json`: what differs between requests; the rest is the same for all. */
const fixtureFileSchema = z.strictObject({
  endpoint: z.string(),
  method: z.string().default('POST'),
  headers: z.record(z.string(), z.string()),
  /** Text; sent as UTF-8. */
  body: z.string(),
  expected: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('events'),
      events: z.array(eventSchema),
      aliases: z.array(z.strictObject({ alias: keySchema, key: keySchema })).optional(),
    }),
    z.strictObject({ kind: z.enum(['ignored', 'unsupported']), reason: z.string() }),
  ]),
});

const account = '0192f0c1-5b1e-7c00-8000-00000000a001';

/**
 * Reads the fixtures of a connector: one JSON file for each case, with the endpoint, the headers, the body, and what `parse`
 * must make of it. A connector that needs more than that makes its `Fixture`s itself.
 *
 * @param folder URL of the folder, with a slash at its end.
 * @throws names the file that is not well formed.
 */
export function readFixtures(folder: URL): Fixture[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readFixture(new URL(file, folder)));
}

function readFixture(file: URL): Fixture {
  const { endpoint, method, headers, body, expected } = read(file);
  return {
    name: basename(file.pathname, '.json'),
    capture: {
      account,
      endpoint,
      method,
      url: `https://archway.example.com/webhooks/${account}/${endpoint}`,
      headers,
      body: new TextEncoder().encode(body),
      receivedAt: '2026-11-23T09:30:00.000Z',
      provenance: 'webhook',
    },
    expected,
  };
}

function read(file: URL): z.infer<typeof fixtureFileSchema> {
  try {
    return fixtureFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`The fixture ${file.pathname} is not well formed: ${detail}`, { cause: error });
  }
}
