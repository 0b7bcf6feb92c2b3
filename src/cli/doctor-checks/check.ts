/** The outcome of one check. `fail`: something does not work, or is not safe; `warn`: it works, and should be looked at. */
export interface Check {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly name: string;
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Check {
  return { status: 'ok', name, detail };
}

export function warn(name: string, detail: string, remedy: string): Check {
  return { status: 'warn', name, detail, remedy };
}

export function fail(name: string, detail: string, remedy: string): Check {
  return { status: 'fail', name, detail, remedy };
}
