const roundsOfShortRun = 10;
/** On each of the two databases. */
const roundsOfCi = 100;

/** How many rounds the random tests run: `ARCHWAY_TEST_ROUNDS`, or few, for a suite that is run before each commit. */
export const rounds = Number(process.env.ARCHWAY_TEST_ROUNDS || roundsOfShortRun);

/** Whether somebody asked for more than the few. */
export const isLongRun = rounds > roundsOfCi;

/** `ARCHWAY_TEST_SEED` repeats what a failed run has printed; otherwise each run takes another way. */
export const seed = Number(process.env.ARCHWAY_TEST_SEED || Date.now() % 1_000_000_000);
