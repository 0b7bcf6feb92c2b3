import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { renderUnicodeCompact } from 'uqr';
import type { z } from 'zod';
import { exitCodes } from './exit-codes.js';
import { linkShape } from './shapes.js';
import { action, addApiCommand, type Context, type Shell } from './shell.js';

interface LinkOptions {
  readonly phone?: string;
}

type Link = z.infer<typeof linkShape>;

const pollMs = 1_000;
/** As long as a person may take to find the phone; the session itself ends sooner when nobody scans. */
const waitMaxMs = 10 * 60_000;
const settled = new Set(['open', 'replaced', 'banned']);

/** `archway account link` and `archway account unlink` */
export function registerLinks(family: Command, shell: Shell): void {
  addApiCommand(family, 'link <account>', {
    summary: 'link a phone to an account: shows a QR code, or with --phone a code to type',
    example: 'archway account link desk',
    notes: 'Whoever sees the code can link a phone of his own: show it to nobody else.',
  })
    .option('--phone <number>', 'link by a code that is typed into the phone with this number')
    .action(action(shell, link));
  addApiCommand(family, 'unlink <account>', {
    summary: 'unlink the phone of an account; what was captured stays',
    example: 'archway account unlink desk',
  }).action(action(shell, unlink));
}

async function link(context: Context, account: string, { phone }: LinkOptions): Promise<number> {
  const client = await context.client();
  const path = `/v1/accounts/${encodeURIComponent(account)}/link`;
  const body = phone === undefined ? { method: 'qr' } : { method: 'code', phoneNumber: phone };
  const before = await client.post(path, linkShape, body);
  if (before.state === 'open') return end(context, account, before);
  let shown: string | undefined;
  for (let waitedMs = 0; waitedMs < waitMaxMs; waitedMs += pollMs) {
    const now = await client.get(path, linkShape);
    if (now.offer !== null && now.offer.value !== shown) {
      shown = now.offer.value;
      await show(context, now.offer);
    }
    const hasBegun = shown !== undefined || waitedMs > 15_000;
    if (now.state === 'open' || (hasBegun && now.offer === null && hasEnded(now))) {
      return end(context, account, now);
    }
    await sleep(pollMs);
  }
  await context.output.note('Nobody linked a phone. Run the command again when it is at hand.');
  return exitCodes.trouble;
}

/** Between two codes, and while the phone and the gateway agree, nothing is shown either. */
function hasEnded({ state, action: next }: Link): boolean {
  return state !== null && (settled.has(state) || (state !== 'connecting' && next !== null));
}

async function show({ output }: Context, offer: NonNullable<Link['offer']>): Promise<void> {
  if (output.json) return output.value(offer);
  if (offer.method === 'code') {
    return output.lines(
      'On the phone: Settings, Linked devices, Link a device, Link with phone number instead. Type:',
      '',
      `    ${offer.value.slice(0, 4)}-${offer.value.slice(4)}`,
      '',
    );
  }
  await output.lines(
    'On the phone: Settings, Linked devices, Link a device. Scan this; a new one follows when it expires:',
    '',
    ...renderUnicodeCompact(offer.value, { border: 2 }).split('\n'),
    '',
  );
}

async function end({ output }: Context, account: string, link: Link): Promise<number> {
  if (output.json) await output.value(link);
  else if (link.state === 'open') await output.lines(`Account ${account} is linked, and captures.`);
  else {
    const said = [link.detail, link.action].filter((text) => text !== null);
    await output.note([`Account ${account} is not linked (${link.state}).`, ...said].join(' '));
  }
  return link.state === 'open' ? exitCodes.fine : exitCodes.trouble;
}

async function unlink(context: Context, account: string): Promise<void> {
  const client = await context.client();
  const answer = await client.delete(`/v1/accounts/${encodeURIComponent(account)}/link`, linkShape);
  if (context.output.json) return context.output.value(answer);
  await context.output.lines(`The phone of account ${account} is being unlinked. What was captured stays.`);
}
