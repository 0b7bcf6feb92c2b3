import type { z } from 'zod';
import type { sinkShape } from './shapes.js';
import type { Column } from './table.js';

type Sink = z.infer<typeof sinkShape>;

/** How a sink is shown to people. */

export const sinkColumns: readonly Column<Sink>[] = [
  { heading: 'ID', value: (sink) => sink.id },
  { heading: 'NAME', value: (sink) => sink.name },
  { heading: 'TYPE', value: typeText },
  { heading: 'STATE', value: (sink) => sink.state },
  { heading: 'DELIVERED', value: (sink) => sink.delivered },
  { heading: 'PER MINUTE', value: (sink) => sink.deliveredPerMinute },
  { heading: 'WAITING', value: (sink) => sink.waiting },
  { heading: 'LAG', value: (sink) => duration(sink.lagSeconds) },
  { heading: 'DEAD', value: (sink) => sink.dead },
  { heading: 'LEFT OUT', value: (sink) => (sink.filter === null ? '' : sink.leftOut) },
  { heading: 'TROUBLE', value: (sink) => sink.trouble?.message ?? 'none' },
];

export function describeSink(sink: Sink): string[] {
  const settings = Object.entries(sink.settings).map(
    ([name, value]) => `    ${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    sink.name,
    `  id         ${sink.id}`,
    `  type       ${typeText(sink)}`,
    `  takes      ${filterText(sink)}`,
    `  state      ${stateText(sink)}`,
    ...troubleLines(sink),
    `  delivered  ${sink.delivered}, ${sink.deliveredPerMinute} a minute`,
    `  waiting    ${sink.waiting}${sink.waiting === 0 ? '' : `, the oldest for ${duration(sink.lagSeconds)}`}`,
    ...heldLines(sink),
    `  failed     ${sink.failed} tries, ${sink.failedPerMinute} a minute; ${sink.dead} dead letters`,
    '  settings',
    ...settings,
  ];
}

/** The built-in ones are what one expects; of another the place is shown that it came from. */
function typeText({ type, origin = 'built-in' }: Sink): string {
  return origin === 'built-in' ? type : `${type} from ${origin}`;
}

function filterText({ filter, leftOut }: Sink): string {
  if (filter === null) return 'every record';
  const parts = [
    filter.kinds && `of the kinds ${filter.kinds.join(', ')}`,
    filter.connectors && `by the connectors ${filter.connectors.join(', ')}`,
    filter.custodians && `of the custodians ${filter.custodians.join(', ')}`,
  ].filter((part) => part !== undefined);
  return `records ${parts.join(' and ')}; ${leftOut} were left out`;
}

function stateText({ state, pausedAt }: Sink): string {
  return pausedAt === null ? state : `paused by an operator since ${pausedAt}`;
}

function troubleLines({ trouble }: Sink): string[] {
  if (trouble === null) return [];
  return [
    `  trouble    ${trouble.kind}: ${trouble.message}`,
    `             nothing gets through since ${trouble.since}, next try at ${trouble.pausedUntil}`,
    `             → ${trouble.explanation}`,
  ];
}

/** Where the sink is down, its trouble says why. */
function heldLines({ held, trouble }: Sink): string[] {
  if (held === null || trouble !== null) return [];
  return [
    `  held       record ${held.record} (${held.kind}: ${held.message})`,
    '             it is tried again; others are taken, those behind it in its conversation wait',
  ];
}

/** Two units are enough for people. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole === 0) return 'none';
  const units = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
