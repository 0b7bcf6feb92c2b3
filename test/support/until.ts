/** Far more than anything takes: what is late on a busy machine is no failure. */
const timeoutMs = 60_000;
const pauseMs = 15;

/** Waits for something that another part of the program brings about. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not come about: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
