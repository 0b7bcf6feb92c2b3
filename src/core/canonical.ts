/**
 * Canonical JSON by RFC 8785 (JCS), as UTF-8. Stricter than JCS where two readers could still disagree: only integers
 * within ±(2^53−1), only well-formed strings, no `undefined` inside arrays, only plain objects.
 *
 * @throws {TypeError} names the path of the value that has no canonical form.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const json = canonicalJson(value);
  if (json === undefined) assertCanonical(value, '$');
  return Buffer.from(json as string, 'utf8');
}

/**
 * One pass over the value, since every record goes through here four times; undefined for what has no canonical form. With
 * numbers being integers, JCS is JSON with the keys of each object in the order of their UTF-16 code units.
 */
function canonicalJson(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? JSON.stringify(value) : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return canonicalArray(value);
  return typeof value === 'object' && isPlain(value) ? canonicalObject(value) : undefined;
}

function canonicalArray(items: readonly unknown[]): string | undefined {
  let json = '';
  for (let index = 0; index < items.length; index += 1) {
    const item = canonicalJson(items[index]);
    if (item === undefined) return undefined;
    json += index === 0 ? item : `,${item}`;
  }
  return `[${json}]`;
}

function canonicalObject(object: object): string | undefined {
  const items = object as Readonly<Record<string, unknown>>;
  let json = '';
  for (const key of Object.keys(items).sort()) {
    if (!key.isWellFormed()) return undefined;
    if (items[key] === undefined) continue;
    const item = canonicalJson(items[key]);
    if (item === undefined) return undefined;
    json += `${json === '' ? '' : ','}${JSON.stringify(key)}:${item}`;
  }
  return `{${json}}`;
}

/** @throws {TypeError} for the first value that has no canonical form. */
function assertCanonical(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError(`${path} holds a lone surrogate, which has no UTF-8 form`);
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${path} is not a safe integer`);
  } else if (Array.isArray(value)) {
    // By index: forEach would pass over the holes of a sparse array.
    for (let index = 0; index < value.length; index += 1) {
      if (value[index] === undefined) throw new TypeError(`${path}[${index}] is undefined`);
      assertCanonical(value[index], `${path}[${index}]`);
    }
  } else if (typeof value === 'object' && value !== null) {
    if (!isPlain(value)) throw new TypeError(`${path} is not a plain object`);
    for (const [key, item] of Object.entries(value)) {
      assertCanonical(key, `${path} (a key)`);
      if (item !== undefined) assertCanonical(item, `${path}.${key}`);
    }
  } else if (value !== null && typeof value !== 'boolean') {
    throw new TypeError(`${path} is a ${typeof value}, which JSON cannot hold`);
  }
}

/** A date, a map or bytes would turn into something that cannot be read back; so would whatever has a `toJSON`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('toJSON' in value);
}

/** Replaces lone surrogates by U+FFFD in every string of a plain JSON value; what came in stays in the capture. */
export function wellFormed<Value>(value: Value): Value {
  return mapStrings(value) as Value;
}

function mapStrings(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(mapStrings);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), mapStrings(item)]),
  );
}
