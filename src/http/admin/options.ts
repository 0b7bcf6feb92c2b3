import { OpenAPIHono } from '@hono/zod-openapi';
import type { Database } from '../../db/client.js';
import type { Caller } from '../../domain/api-keys.js';
import type { BackupManifest, Write } from '../../domain/backup/index.js';
import type { Blobs } from '../../domain/blobs.js';
import type { Tenants } from '../../domain/tenants.js';
import type { AccountDirectory } from '../../pipeline/account-directory.js';
import type { Registry } from '../../plugins/registry.js';
import type { Log } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { invalidRequest } from './problems.js';

export interface AdminOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly registry: Registry;
  readonly directory: AccountDirectory;
  readonly blobs: Blobs;
  /** Makes what was just added usable in this process before the answer goes out. */
  readonly refresh: () => Promise<void>;
  readonly spoolWaiting: () => boolean;
  readonly allowTestEndpoints: boolean;
  readonly writeBackup: (id: string, write: Write) => Promise<BackupManifest>;
  /** Under which providers reach the public listener; webhook URLs begin with it. */
  readonly publicUrl: string;
  readonly metrics: Metrics;
  readonly log: Log;
  /** How the test of an account reaches the public listener; default: the global `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface AdminEnv {
  Variables: { caller: Caller };
}

export type AdminApp = OpenAPIHono<AdminEnv>;

export function newAdminApp(): AdminApp {
  return new OpenAPIHono<AdminEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error);
    },
  });
}
