import type { z } from 'zod';
import { historyTable, indent } from './message-view.js';
import type { Output } from './output.js';
import type { callDetailShape } from './shapes.js';
import { Table } from './table.js';

type CallDetail = z.infer<typeof callDetailShape>;

/** One call for people: who, whom, when, which legs it had, and what is on record. */
export async function printCall(output: Output, call: CallDetail): Promise<void> {
  await output.lines(...factLines(call), '', 'Legs', ...indent(legTable().lines(call.legs)));
  await output.lines('', 'History', ...indent(historyTable().lines(call.history)));
}

function factLines(call: CallDetail): string[] {
  const seconds = (count: number | null) => (count === null ? null : `${count} s`);
  const facts: [string, string | null | undefined][] = [
    ['id', call.id],
    ['direction', call.direction],
    ['from', call.from],
    ['to', call.to],
    ['forwarded to', call.forwardedTo.join(', ')],
    ['diverted by', call.forwardedFrom],
    ['custodian', call.custodian?.name],
    ['contact', call.contact?.name],
    ['outcome', call.outcome],
    ['started', call.startedAt],
    ['answered', call.answeredAt],
    ['ended', call.endedAt],
    ['rang', seconds(call.ringSeconds)],
    ['talked', seconds(call.talkSeconds)],
    ...Object.entries(call.routing).map(([name, value]): [string, string] => ['routing', `${name} ${value}`]),
    ...call.recordings.map(({ id, state, durationSeconds, channels }): [string, string] => [
      'recording',
      `${id}  ${seconds(durationSeconds) ?? 'unknown length'}, ${channels ?? 'unknown'} channels  ${state}`,
    ]),
    ['connector', call.connector],
    ['account', call.account],
    ['conversation', call.conversation],
  ];
  return facts.flatMap(([name, value]) => (value ? [`${name.padEnd(13)} ${value}`] : []));
}

function legTable(): Table<CallDetail['legs'][number]> {
  return new Table<CallDetail['legs'][number]>([
    { heading: 'FROM', value: (leg) => leg.from },
    { heading: 'TO', value: (leg) => leg.to.join(', ') },
    { heading: 'STATUS', value: (leg) => leg.status },
    { heading: 'STARTED', value: (leg) => leg.startedAt },
    { heading: 'ANSWERED', value: (leg) => leg.answeredAt },
    { heading: 'ENDED', value: (leg) => leg.endedAt },
  ]);
}
