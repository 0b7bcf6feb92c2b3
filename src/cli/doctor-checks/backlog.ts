import { type Check, ok, warn } from './check.js';

/** What ended without success in one instance and waits for a decision. */
export interface Backlog {
  /** Undefined: the default one, so that no `--instance` is needed. */
  readonly instance: string | undefined;
  readonly quarantined: number;
  readonly dead: number;
}

const name = 'backlog';

export function checkBacklog(backlogs: readonly Backlog[]): Check {
  const waiting = backlogs.filter(({ quarantined, dead }) => quarantined + dead > 0);
  if (waiting.length === 0) return ok(name, 'nothing in quarantine, no dead letters');
  return warn(name, waiting.map(describe).join('; '), waiting.flatMap(commands).join('; '));
}

function describe({ instance, quarantined, dead }: Backlog): string {
  const where = instance === undefined ? '' : `${instance}: `;
  return `${where}${quarantined} capture(s) in quarantine, ${dead} dead letter(s)`;
}

function commands({ instance, quarantined, dead }: Backlog): string[] {
  const option = instance === undefined || instance === 'default' ? '' : ` --instance ${instance}`;
  return [
    ...(quarantined > 0 ? [`archway quarantine list${option}`] : []),
    ...(dead > 0 ? [`archway dead-letters list${option}`] : []),
  ];
}
