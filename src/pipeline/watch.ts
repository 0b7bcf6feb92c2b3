import { type AlertRow, alertReasons, listOpenAlerts, readInboxAges } from '../db/alerts.js';
import type { Database } from '../db/client.js';
import { foldOutflow, readFigures, type SinkFigures } from '../db/sink-counts.js';
import { listSinks, type SinkRow } from '../db/sinks.js';
import { type Condition, endAlert, openAlert } from '../domain/alerts.js';
import type { Tenant, Tenants } from '../domain/tenants.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AccountDirectory } from './account-directory.js';
import { AccountWatch } from './account-watch.js';
import { type AlertLimits, inboxConditions, sinkConditions } from './conditions.js';
import { observeSinks } from './sink-metrics.js';
import type { Spool } from './spool.js';
import { SpoolWatch } from './spool-watch.js';
import { WorkLoop } from './work-loop.js';

export interface WatchOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  /** Tells which accounts' providers can be asked what was missed. */
  readonly directory: Pick<AccountDirectory, 'get'>;
  readonly spool: Pick<Spool, 'isEmpty' | 'usage'>;
  /** Id of this node, which its spool's alert is about. */
  readonly node: string;
  readonly limits: AlertLimits;
  readonly log: Log;
  readonly metrics: Metrics;
}

const pollMs = 15_000;

/**
 * Looks every few seconds at what an operator must know, keeps the metrics of the sinks, and opens and closes alerts. Every
 * node looks; the database sees to it that each alert is opened once and closed once.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #spool: SpoolWatch;
  readonly #accounts: AccountWatch;
  readonly #loop: WorkLoop;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#spool = new SpoolWatch(options);
    this.#accounts = new AccountWatch(options.database, options.limits);
    this.#loop = new WorkLoop({
      work: async () => {
        await this.look();
        return false;
      },
      pollMs,
      onError: (error) => options.log.warn({ error }, 'Sinks and accounts could not be looked at.'),
    });
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** One look at everything. */
  async look(): Promise<void> {
    await this.#spool.look();
    const { database, tenants, metrics } = this.#options;
    await foldOutflow(database.orm);
    const sinks = await listSinks(database.orm);
    const figures = await readFigures(database.orm);
    observeSinks(metrics, sinks, figures);
    const open = await listOpenAlerts(database.orm);
    const conditions = await this.#conditions(sinks, figures, open);
    for (const tenant of (await tenants.listOpenable()).tenants) {
      await this.#reconcile(
        tenant,
        conditions.get(tenant.id) ?? [],
        open.filter((alert) => alert.instanceId === tenant.id),
      );
    }
    if (this.#spool.condition !== undefined) this.#spool.recorded();
    await this.#countOpen();
  }

  /** By instance. */
  async #conditions(
    sinks: readonly SinkRow[],
    figures: ReadonlyMap<string, SinkFigures>,
    open: readonly AlertRow[],
  ): Promise<Map<string, Condition[]>> {
    const { database, tenants, limits } = this.#options;
    const now = new Date();
    const found = new Map<string, Condition[]>();
    const add = (instanceId: string, conditions: readonly Condition[]) =>
      found.set(instanceId, [...(found.get(instanceId) ?? []), ...conditions]);
    for (const sink of sinks) add(sink.instanceId, sinkConditions(sink, figures.get(sink.id), limits, now));
    for (const [id, oldestAt] of await readInboxAges(database.orm))
      add(id, inboxConditions(id, oldestAt, limits, now));
    for (const condition of await this.#accounts.look(open)) add(condition.instanceId, [condition]);
    const { condition } = this.#spool;
    if (condition !== undefined) {
      for (const { id } of (await tenants.listOpenable()).tenants) add(id, [condition]);
    }
    return found;
  }

  async #reconcile(
    tenant: Tenant,
    conditions: readonly Condition[],
    open: readonly AlertRow[],
  ): Promise<void> {
    const { database, directory, log } = this.#options;
    for (const condition of conditions.filter((each) => !open.some((alert) => isSame(alert, each)))) {
      const alert = await openAlert(database, tenant, condition, directory.get(condition.subject)?.account);
      if (alert === undefined) continue;
      const { id, reason, subject, detail } = alert;
      log.error({ alert: id, instance: tenant.id, reason, subject }, `Alert: ${detail}`);
    }
    for (const alert of open.filter((each) => this.#mayClose(each))) {
      if (conditions.some((condition) => isSame(alert, condition))) continue;
      if (!(await endAlert(database, tenant, alert, directory.get(alert.subject)?.account))) continue;
      const { id, reason, subject } = alert;
      log.info({ alert: id, instance: tenant.id, reason, subject }, 'An alert was closed: it is over.');
    }
  }

  /** Only the node itself knows its spool. */
  #mayClose({ reason, subject }: AlertRow): boolean {
    return reason !== 'spool-waiting' || subject === this.#options.node;
  }

  async #countOpen(): Promise<void> {
    const open = await listOpenAlerts(this.#options.database.orm);
    for (const reason of alertReasons) {
      const count = open.filter((alert) => alert.reason === reason).length;
      this.#options.metrics.openAlerts.set({ reason }, count);
    }
  }
}

function isSame(alert: AlertRow, { reason, subject }: Condition): boolean {
  return alert.reason === reason && alert.subject === subject;
}
