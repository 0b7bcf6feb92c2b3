import type { Context, Handler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { readHeader } from './read-headers.js';

/**
 * Gives a handler the bodies up to a size. Hono's own limit makes a web stream of every body, which was a third of what a
 * request costs; it is only needed where no length is announced, as Node lets no body be longer than it was announced.
 */
export function limitBody(
  maxBytes: number,
  refuse: () => Response,
  handle: (context: Context) => Promise<Response>,
): Handler {
  const counting = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return async (context) => {
    const announced = readHeader(context, 'content-length');
    if (announced !== undefined && readHeader(context, 'transfer-encoding') === undefined) {
      return Number(announced) <= maxBytes ? handle(context) : refuse();
    }
    let response: Response | undefined;
    const refusal = await counting(context, async () => {
      response = await handle(context);
    });
    return response ?? refusal;
  };
}
