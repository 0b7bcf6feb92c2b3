import type { Context, MiddlewareHandler } from 'hono';
import type { Database } from '../../db/client.js';
import { identifyCaller } from '../../domain/api-keys.js';
import type { Tenant, Tenants } from '../../domain/tenants.js';
import { problem } from '../problem.js';
import type { AdminEnv } from './options.js';
import { notFound, ProblemError } from './problems.js';

const bearerPattern = /^Bearer +(ak_[A-Za-z0-9_-]+) *$/i;
const readMethods = new Set(['GET', 'HEAD']);
const defaultInstance = 'default';

/** Lets a request pass whose API key is known and has the scope: `read` for GET, `admin` for everything. */
export function requireApiKey(database: Database): MiddlewareHandler<AdminEnv> {
  return async (context, next) => {
    // What is answered here may hold personal data: no cache may keep it.
    context.header('Cache-Control', 'no-store');
    const apiKey = bearerPattern.exec(context.req.header('authorization') ?? '')?.[1];
    if (apiKey === undefined) {
      return unauthorized('Send an API key in the header Authorization: Bearer ak_…');
    }
    const caller = await identifyCaller(database.orm, apiKey);
    if (caller === undefined) return unauthorized('This API key is unknown or was revoked.');
    if (!caller.mayWrite && !readMethods.has(context.req.method)) {
      return problem(403, 'This API key may only read. Use a key with the scope admin.');
    }
    context.set('caller', caller);
    await next();
  };
}

function unauthorized(detail: string): Response {
  const response = problem(401, detail);
  response.headers.set('WWW-Authenticate', 'Bearer');
  return response;
}

/**
 * The instance that a request is about. One that the key may not see is as unknown as one that does not exist.
 *
 * @throws {ProblemError} 404
 */
export async function requireInstance(context: Context<AdminEnv>, tenants: Tenants): Promise<Tenant> {
  const { instanceId } = context.get('caller');
  const wanted = context.req.query('instance') ?? instanceId ?? defaultInstance;
  const tenant = await tenants.find(wanted);
  if (tenant !== undefined && (instanceId === null || tenant.id === instanceId)) return tenant;
  throw new ProblemError(
    404,
    `There is no instance ${wanted} that this key may see. GET /v1/instances lists those that it may.`,
  );
}

/** @throws {ProblemError} 404 when there is none, 400 when a name means several. */
export function findByIdOrName<Item extends { readonly id: string; readonly name: string }>(
  what: string,
  items: readonly Item[],
  wanted: string,
): Item {
  const found = items.find((item) => item.id === wanted);
  if (found !== undefined) return found;
  const [first, second] = items.filter((item) => item.name === wanted);
  if (first === undefined) throw notFound(what, wanted);
  if (second !== undefined) {
    throw new ProblemError(400, `Several ${what}s are named ${wanted}; use the id of the one you mean.`);
  }
  return first;
}
