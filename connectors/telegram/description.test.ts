import { existsSync, readFileSync } from 'node:fs';
import { eventSchema } from 'archway/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, readers } from './parse.js';
import { captureOf } from './testing.js';

/** Telegram's own description of its objects, where it lies beside this checkout; a user's clone does not have it. */
const file = new URL('../../../shared/material/telegram/bot-api.json', import.meta.url);
const missing = !existsSync(file);
if (missing)
  process.stdout.write('Skipped: the description of the Bot API does not lie beside this checkout.\n');

interface Field {
  readonly name: string;
  readonly types: readonly string[];
  readonly required?: boolean;
  readonly description: string;
}
interface Type {
  readonly fields?: readonly Field[];
  readonly subtypes?: readonly string[];
}

function describedTypes(): Record<string, Type> {
  return (JSON.parse(readFileSync(file, 'utf8')) as { types: Record<string, Type> }).types;
}

const depthMax = 4;
/** From here on the smallest of several forms is taken: some of Telegram's types hold themselves. */
const smallFromDepth = 7;

/** Makes values of a type as the description has it; optional fields are left out when it gets deep. */
class Maker {
  constructor(
    readonly types: Record<string, Type>,
    readonly random: (below: number) => number,
  ) {}

  make(name: string, depth: number): unknown {
    const list = /^Array of (.+)$/.exec(name)?.[1];
    if (list !== undefined) {
      const length = depth > depthMax ? 0 : this.random(3);
      return Array.from({ length }, () => this.make(list, depth + 1));
    }
    if (name === 'Integer') return 1 + this.random(2 ** 40);
    if (name === 'Float') return this.random(18_000) / 100;
    if (name === 'Boolean' || name === 'True') return this.random(2) === 0;
    const type = this.types[name];
    if (type === undefined) return ['word', '🐘', 'two words', 'x'.repeat(3_000), ' \0 '][this.random(5)];
    if (type.subtypes !== undefined) return this.make(this.#oneOf(type.subtypes, depth), depth + 1);
    const fields = (type.fields ?? []).filter(
      (field) => field.required === true || (depth < depthMax && this.random(3) === 0),
    );
    return Object.fromEntries(fields.map((field) => [field.name, this.#field(field, depth)]));
  }

  /** Ids are short, whatever their type; a list that the event is made from is not empty. */
  #field({ name, types }: Field, depth: number): unknown {
    const type = types[0] ?? 'String';
    if (type === 'String' && /(^|_)id$/.test(name)) return `id-${this.random(1_000)}`;
    if (name === 'message_ids') return [1 + this.random(10), 20];
    return this.make(type, depth + 1);
  }

  #oneOf(names: readonly string[], depth: number): string {
    if (depth < smallFromDepth) return names[this.random(names.length)] ?? 'String';
    const size = (name: string) =>
      this.types[name]?.fields?.filter(({ required }) => required === true).length ?? 0;
    return [...names].sort((left, right) => size(left) - size(right))[0] ?? 'String';
  }
}

/** Mulberry32: the same values for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

describe.skipIf(missing)("every kind of update in Telegram's description", () => {
  const types = missing ? {} : describedTypes();
  const kinds = (types.Update?.fields ?? []).filter(({ name }) => name !== 'update_id');

  it('is described at all', () => {
    expect(kinds.length).toBeGreaterThan(20);
  });

  it.each(kinds.map((field) => [field.name, field.types[0] ?? 'String'] as const))(
    '%s is read to events, or kept as unsupported with a reason',
    (kind, type) => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const value = new Maker(types, randomFrom(seed)).make(type, 1);
          const parsed = parse(captureOf({ update_id: 7, [kind]: value }), { ownAddresses: ['5550100'] });
          if (parsed.kind !== 'events') {
            expect(parsed.reason).not.toBe('');
            // What is said to be read is read, whatever optional parts it has.
            expect(Object.hasOwn(readers, kind) && kind !== 'poll_answer', `${parsed.reason}`).toBe(false);
            return;
          }
          for (const event of parsed.events) expect(eventSchema.parse(event)).toEqual(event);
        }),
        { numRuns: 300 },
      );
    },
  );
});
