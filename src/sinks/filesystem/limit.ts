/** Runs at most `concurrent` tasks at a time; the rest wait in the order they came. */
export function limitedTo(concurrent: number): <Value>(task: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let free = concurrent;

  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resume) => waiting.push(resume));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      // A place passes straight to the next in line, so that a newcomer cannot overtake.
      if (next === undefined) free += 1;
      else next();
    }
  };
}
