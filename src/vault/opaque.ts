import { inspect } from 'node:util';

const SEALED = '[sealed]';

/**
 * Base of everything that holds key material: whichever way such an object is printed (a log line, an error's
 * details, `console.log`, a template string), it shows as `[sealed]`. Subclasses keep their secrets in `#private`
 * fields, which no serialiser reaches even where these hooks are switched off.
 */
export abstract class Opaque {
  toJSON(): string {
    return SEALED;
  }

  toString(): string {
    return SEALED;
  }

  [inspect.custom](): string {
    return SEALED;
  }
}
