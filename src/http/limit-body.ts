import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/**
 * Refuses bodies beyond a size. Hono's own limit makes a web stream of every body, which was a third of what a request
 * costs; it is only needed where no length is announced, as Node lets no body be longer than it was announced.
 */
export function limitBody(maxBytes: number, refuse: () => Response): MiddlewareHandler {
  const counting = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return async (context, next) => {
    const { headers } = context.req.raw;
    const announced = headers.get('content-length');
    if (announced === null || headers.has('transfer-encoding')) return counting(context, next);
    if (!(Number(announced) <= maxBytes)) return refuse();
    return next();
  };
}
