import type { CommunicationEvent } from 'archway/sdk';
import { addressOf, bare, isLid, isNumber, type Party } from './jid.js';
import { channel } from './outcome.js';

/** That a LID and a phone number are one person, for everybody who is named by both. */
export function aliasesOf(parties: readonly Party[]): CommunicationEvent[] {
  const pairs = parties.flatMap(({ jid, alt }) => {
    const lid = [jid, alt].find(isLid);
    const number = [jid, alt].find(isNumber);
    return lid === undefined || number === undefined ? [] : [aliasOf(lid, number)];
  });
  return [...new Map(pairs.map((alias) => [alias.key, alias])).values()];
}

export function aliasOf(lid: string, number: string): CommunicationEvent {
  const names = { lid: bare(lid) ?? '', number: bare(number) ?? '' };
  return {
    kind: 'alias',
    key: `alias/${names.lid}/${names.number}`,
    channel,
    address: addressOf({ jid: names.number }, {}),
    alias: addressOf({ jid: names.lid }, {}),
  };
}
