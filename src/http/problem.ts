import { STATUS_CODES } from 'node:http';

/** Problem details by RFC 9457: what every error of both listeners looks like. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  /** What is wrong and what to do about it. */
  readonly detail: string;
  /** One per field that is wrong. */
  readonly errors?: readonly string[];
}

export function problem(status: number, detail: string, errors?: readonly string[]): Response {
  const body: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}
