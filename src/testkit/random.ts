/** Numbers that look random and are the same for the same seed, so that a failure can be seen again. */
export interface Random {
  /** From 0 up to, not including, `limit`. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
  /** A well-formed UUID of version 7 that starts with the given time. */
  uuid(at: Date): string;
}

/** Mulberry32, by Tommy Ettinger (public domain): small, and good enough to choose test cases. Never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;

  function below(limit: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  function bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => below(256));
  }

  function uuid(at: Date): string {
    const hex = Buffer.from(bytes(10)).toString('hex');
    const time = at.getTime().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-a${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
  }

  return { below, bytes, uuid };
}
