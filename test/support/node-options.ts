/**
 * For every Node that may run the embedded database in a test. Its WebAssembly is compiled once and quickly: a test's
 * database lives for seconds, and compiling it again, for speed, takes half of the time that a gateway's start takes.
 */
export const nodeOptions = ['--liftoff-only'];
