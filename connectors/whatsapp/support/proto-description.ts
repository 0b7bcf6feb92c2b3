/** A field of a Protobuf message: its type as it is written, which may be one that stands within. */
interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly oneof: string | undefined;
}

interface Type {
  readonly fields: readonly Field[];
  /** Numbers of an enum's values. */
  readonly values: readonly number[];
}

/** Types by their full names, such as `Message.ImageMessage`. */
export type Description = Readonly<Record<string, Type>>;

/** Reads as much of the Protobuf language as WhatsApp's description uses: messages, enums, oneofs, one line a field. */
export function readDescription(text: string): Description {
  const types: Record<string, { fields: Field[]; values: number[] }> = {};
  const open: { name: string; oneof: string | undefined }[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const opening = /^(message|enum|oneof) (\w+) \{/.exec(line);
    const here = open.at(-1);
    if (opening !== null) {
      const [, kind, name = ''] = opening;
      if (kind === 'oneof') open.push({ name: here?.name ?? '', oneof: name });
      else {
        const full = here === undefined ? name : `${here.name}.${name}`;
        types[full] = { fields: [], values: [] };
        open.push({ name: full, oneof: undefined });
      }
    } else if (line.startsWith('}')) {
      open.pop();
    } else {
      const field = /^(?:(optional|repeated|required) )?([\w.]+) (\w+) = \d+/.exec(line);
      const value = /^\w+ = (-?\d+)/.exec(line);
      const type = types[here?.name ?? ''];
      if (field !== null) {
        const [, label, typeName = '', name = ''] = field;
        type?.fields.push({ name, type: typeName, repeated: label === 'repeated', oneof: here?.oneof });
      } else if (value !== null) type?.values.push(Number(value[1]));
    }
  }
  return types;
}

const depthMax = 4;

/** Makes values of a type; it is always the same one for the same seed. */
export class Maker {
  readonly #types: Description;
  #state: number;

  constructor(types: Description, seed: number) {
    this.#types = types;
    this.#state = seed;
  }

  /** @param scope full name of the type in which this one is named. */
  make(type: string, scope: string, depth: number): unknown {
    const random = (below: number) => this.#random(below);
    if (type === 'string') return this.#text();
    if (type === 'bytes') return Buffer.alloc(random(40), random(256));
    if (type === 'bool') return random(2) === 0;
    if (type === 'double' || type === 'float') return random(18_000) / 100;
    if (/^s?(u?int|fixed)(32|64)$/.test(type)) return random(2 ** 31);
    const name = this.#resolve(type, scope);
    const { fields, values } = this.#types[name] ?? { fields: [], values: [] };
    if (values.length > 0) return values[random(values.length)];
    const taken = new Set<string>();
    const chosen = fields.filter(({ oneof }) => {
      if (random(depth > depthMax ? 20 : 3) !== 0) return false;
      if (oneof === undefined) return true;
      const first = !taken.has(oneof);
      taken.add(oneof);
      return first;
    });
    return Object.fromEntries(
      chosen.map((field) => {
        const one = () => this.#id(field) ?? this.make(field.type, name, depth + 1);
        return [field.name, field.repeated ? Array.from({ length: random(3) }, one) : one()];
      }),
    );
  }

  /** From the innermost scope outwards, as Protobuf looks names up. */
  #resolve(type: string, scope: string): string {
    const parts = scope.split('.');
    for (let length = parts.length; length > 0; length -= 1) {
      const name = [...parts.slice(0, length), type].join('.');
      if (this.#types[name] !== undefined) return name;
    }
    return type;
  }

  #id({ name, type }: Field): string | undefined {
    return type === 'string' && name === 'id' ? `3EB0${this.#random(1_000)}` : undefined;
  }

  #text(): string {
    const texts = ['word', '🐘', 'two words', 'x'.repeat(3_000), ' \0 ', '12025550123@s.whatsapp.net'];
    return texts[this.#random(texts.length)] ?? '';
  }

  /** Mulberry32. */
  #random(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }
}
