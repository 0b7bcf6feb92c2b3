import type { Capture, Parsed } from 'archway/sdk';
import { shorten } from './bounds.js';

export type Field = readonly [name: string, value: string];

/** Whether the request says that its body is a form. Twilio's webhooks are, save for a few that are JSON. */
export function isForm(capture: Capture): boolean {
  const contentType = capture.headers['content-type'] ?? '';
  return contentType.split(';', 1)[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

/** What becomes of a request that is no form. */
export function notForm(capture: Capture): Parsed {
  const contentType = shorten(capture.headers['content-type'] ?? '', 100);
  return { kind: 'unsupported', reason: `the content type is "${contentType}", not that of a form` };
}

/**
 * The fields of a form body in the order received, by the rules of WHATWG `application/x-www-form-urlencoded`. Total:
 * bytes that are not UTF-8 become U+FFFD, a stray `%` stays as it is.
 */
export function readFields(body: Uint8Array): Field[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const fields: Field[] = [];
  new URLSearchParams(text).forEach((value, name) => {
    fields.push([name, value]);
  });
  return fields;
}

/**
 * A form's fields by name. Of a repeated field the first value counts; the others are in `entries`. A value that comes
 * again under its name is nothing new, as it is to the signature.
 */
export class Form {
  readonly #values = new Map<string, Set<string>>();

  constructor(fields: Iterable<Field>) {
    for (const [name, value] of fields) {
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, new Set([value]));
      else values.add(value);
    }
  }

  /** The value, which may be empty; undefined when the field is absent. */
  raw(name: string): string | undefined {
    return this.#values.get(name)?.values().next().value;
  }

  /** The value; undefined when the field is absent or empty. Twilio sends what it does not know as empty. */
  get(name: string): string | undefined {
    return this.raw(name) || undefined;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Every field with its values in the order received, none of them twice. */
  entries(): Iterable<[name: string, values: Iterable<string>]> {
    return this.#values;
  }
}
