import type { Command } from 'commander';
import { alertShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface ListOptions {
  readonly all?: boolean;
}

/** `archway alerts` */
export function registerAlerts(program: Command, shell: Shell): void {
  const list = addApiCommand(program, 'alerts', {
    summary: 'list what needs attention: sinks that are down or behind, dead letters, silent accounts',
    example: 'archway alerts',
    notes:
      'Each alert is also a record of the kind alert, which sinks receive, at its opening and at its closing.',
  });
  list.option('--all', 'those that are over, too').action(action(shell, listAlerts));
}

async function listAlerts({ output, client }: Context, { all }: ListOptions): Promise<void> {
  const alerts = await (await client()).all('/v1/alerts', alertShape, { state: all ? 'all' : 'open' });
  if (output.json) return output.value(alerts);
  for (const { reason, detail, openedAt, closedAt, explanation } of alerts) {
    await output.lines(
      `${openedAt}  ${reason}${closedAt === null ? '' : `, over since ${closedAt}`}`,
      `  ${detail}`,
    );
    if (closedAt === null) await output.lines(`  → ${explanation}`);
  }
  if (alerts.length === 0) await output.note(all ? 'There never was an alert.' : 'There is no open alert.');
}
