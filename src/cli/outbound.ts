import { Argument, type Command, Option } from 'commander';
import type { z } from 'zod';
import { printList } from './print-list.js';
import { outboundShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';
import type { Column } from './table.js';

const states = ['requested', 'sending', 'accepted', 'rejected', 'refused', 'indeterminate'];

const columns: readonly Column<z.infer<typeof outboundShape>>[] = [
  { heading: 'REQUESTED', value: (message) => message.createdAt },
  { heading: 'TO', value: (message) => message.to },
  { heading: 'STATE', value: (message) => message.state },
  { heading: 'REASON', value: (message) => message.reason },
  { heading: 'ID', value: (message) => message.id },
];

/** `archway outbound …` */
export function registerOutbound(program: Command, shell: Shell): void {
  const family = program.command('outbound').description('messages that the gateway was asked to send');
  addApiCommand(family, 'list', {
    summary: 'list what was asked for and how far each message got, in that order',
    example: 'archway outbound list --state indeterminate',
  })
    .addOption(new Option('--state <state>', 'only messages of this state').choices(states))
    .action(action(shell, listOutbound));
  addApiCommand(family, 'show <id>', {
    summary: 'show how far one message got, and why not further',
    example: 'archway outbound show 019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f',
  }).action(action(shell, showOutbound));
  addApiCommand(family, 'resolve <id>', {
    summary: 'settle an indeterminate message by what you found at the provider; nothing is sent',
    example: 'archway outbound resolve 019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f not-sent',
    notes: 'What was not sent may be asked for again, with a new key.',
  })
    .addArgument(new Argument('<outcome>', 'what became of it').choices(['sent', 'not-sent']))
    .action(action(shell, resolveOutbound));
}

function listOutbound(context: Context, { state }: { state?: string }): Promise<void> {
  const none = 'There are no such messages.';
  return printList(context, { path: '/v1/outbound', item: outboundShape, columns, query: { state }, none });
}

async function showOutbound(context: Context, id: string): Promise<void> {
  const client = await context.client();
  await print(context, await client.get(pathOf(id), outboundShape));
}

async function resolveOutbound(context: Context, id: string, outcome: string): Promise<void> {
  const client = await context.client();
  await print(context, await client.post(`${pathOf(id)}/resolve`, outboundShape, { outcome }));
}

async function print({ output }: Context, message: z.infer<typeof outboundShape>): Promise<void> {
  if (output.json) return output.value(message);
  const { id, to, state, attempts, createdAt, changedAt, reason, explanation } = message;
  await output.lines(
    `${id}  to ${to}, asked for at ${createdAt}`,
    `  ${state} since ${changedAt}, after ${attempts} attempts`,
    ...(reason === null ? [] : [`  ${reason}: ${explanation ?? ''}`]),
  );
  if (state !== 'indeterminate') return;
  await output.note(
    `Look it up at the provider, then: archway outbound resolve ${id} sent, or archway outbound resolve ${id} not-sent`,
  );
}

function pathOf(id: string): string {
  return `/v1/outbound/${encodeURIComponent(id)}`;
}
