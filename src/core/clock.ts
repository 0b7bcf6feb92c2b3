/** Time and chance are handed in, so that tests can freeze them. */
export interface Surroundings {
  now(): Date;
  /** A number in [0, 1). */
  random(): number;
}

export const realSurroundings: Surroundings = { now: () => new Date(), random: () => Math.random() };
