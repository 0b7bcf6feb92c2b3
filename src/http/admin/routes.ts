import { createRoute, type z } from '@hono/zod-openapi';
import type { idOrNameParams, idParams, pageQuery } from './schemas.js';
import { instanceQuery, jsonAnswer, pageSchema, problems, security } from './schemas.js';

interface Description<Path extends string> {
  readonly path: Path;
  readonly operationId: string;
  readonly summary: string;
  readonly tags: string[];
}

/**
 * The route of a list, which is read page by page.
 *
 * @param query `pageQuery`, or that with filters.
 * @param items what stands on a page, in the plural.
 */
export function pageRoute<Path extends string, Query extends typeof pageQuery, Item extends z.ZodType>({
  query,
  items,
  item,
  ...description
}: Description<Path> & { readonly query: Query; readonly items: string; readonly item: Item }) {
  return createRoute({
    method: 'get',
    ...description,
    security,
    request: { query },
    responses: { 200: jsonAnswer(`A page of ${items}.`, pageSchema(item)), ...problems },
  });
}

/**
 * The route of one thing.
 *
 * @param params how it is named in the path.
 * @param what one word for it.
 */
export function itemRoute<
  Path extends string,
  Params extends typeof idParams | typeof idOrNameParams,
  Item extends z.ZodType,
>({
  params,
  what,
  item,
  ...description
}: Description<Path> & { readonly params: Params; readonly what: string; readonly item: Item }) {
  return createRoute({
    method: 'get',
    ...description,
    security,
    request: { params, query: instanceQuery },
    responses: { 200: jsonAnswer(`The ${what}.`, item), ...problems },
  });
}
