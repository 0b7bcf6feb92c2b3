import type { z } from 'zod';
import type { Output } from './output.js';
import type { messageDetailShape } from './shapes.js';
import { Table } from './table.js';

type MessageDetail = z.infer<typeof messageDetailShape>;
export type HistoryEntry = MessageDetail['history'][number];

/** Members that every entry has; what is left over is what its kind has to say. */
const commonMembers = new Set(['sequence', 'id', 'kind', 'recordedAt', 'receivedAt', 'occurredAt', 'about']);

/** One message for people: what was said, what happened to it, where it was archived. */
export async function printMessage(output: Output, message: MessageDetail): Promise<void> {
  await output.lines(...factLines(message), '', 'Text', ...textLines(message.text), '', 'History');
  await output.lines(...indent(historyTable().lines(message.history)), '', 'Deliveries');
  await output.lines(...message.deliveries.flatMap(deliveryLines));
  if (message.deliveries.length === 0)
    await output.lines('  none: no sink was configured when it was recorded');
}

function factLines(message: MessageDetail): string[] {
  const facts: [string, string | null | undefined][] = [
    ['id', message.id],
    ['direction', message.direction],
    ['from', message.from],
    ['to', message.to?.join(', ')],
    ['custodian', message.custodian?.name],
    ['contact', message.contact?.name],
    ['status', message.status],
    ['sent', message.sentAt === null ? null : `${message.sentAt} (as the provider says)`],
    ['received', message.receivedAt],
    ['recorded', message.recordedAt],
    ['connector', message.connector],
    ['account', message.account],
    ['conversation', message.conversation],
    ...(message.attachments ?? []).map(({ id, contentType, durationSeconds, state }): [string, string] => [
      'attachment',
      [
        id,
        contentType ?? 'unknown type',
        ...(durationSeconds === null ? [] : [`${durationSeconds} s`]),
        state,
      ].join('  '),
    ]),
  ];
  return facts.flatMap(([name, value]) => (value ? [`${name.padEnd(13)}${value}`] : []));
}

function textLines(text: string | null): string[] {
  return text === null || text === '' ? ['  (no text)'] : indent(text.split(/\r\n|\r|\n/));
}

export function historyTable(): Table<HistoryEntry> {
  return new Table<HistoryEntry>([
    { heading: 'SEQUENCE', value: (entry) => entry.sequence },
    { heading: 'RECORDED', value: (entry) => entry.recordedAt },
    { heading: 'KIND', value: (entry) => entry.kind },
    { heading: 'WHAT', value: summarise },
  ]);
}

function summarise(entry: HistoryEntry): string {
  return Object.entries(entry)
    .filter(([name, value]) => !commonMembers.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function deliveryLines({
  sink,
  state,
  attempts,
  evidence,
  failure,
}: MessageDetail['deliveries'][number]): string[] {
  const head = `  ${sink.name ?? sink.id} (${sink.type ?? 'plugin missing'})  ${state}, ${attempts} attempt${attempts === 1 ? '' : 's'}`;
  const kept =
    evidence === null
      ? []
      : [`    at ${evidence.locator}`, `    sha256 ${evidence.sha256}, stored ${evidence.storedAt}`];
  return [head, ...kept, ...(failure === null ? [] : [`    ${failure}`])];
}

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
