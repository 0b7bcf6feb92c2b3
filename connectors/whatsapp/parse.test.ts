import type { Capture, CommunicationEvent, Parsed } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import { parse } from './parse.js';
import { captureOf } from './testing.js';

const own = { pn: '447700900100:7@s.whatsapp.net', lid: '900100100100:7@lid' };
const number = '12025550123@s.whatsapp.net';
const lid = '70000000123@lid';
const group = '120363000000000001@g.us';
const attrs = { id: '3EB0000000000000AAAA', from: number, t: '1763890200' };

const read = (capture: Capture): Parsed => parse(capture, { ownAddresses: [] });

function eventsOf(parsed: Parsed): readonly CommunicationEvent[] {
  if (parsed.kind !== 'events') throw new Error(parsed.reason);
  return parsed.events;
}

/** What was said or done, without what is said about names. */
const firstOf = (parsed: Parsed) => eventsOf(parsed).find(({ kind }) => kind !== 'alias');

function message(stanza: object, content: object, more: object = {}) {
  return captureOf('message', { stanza: { attrs: stanza }, payload: '', message: content, own, ...more });
}

const keysOf = (capture: Capture) =>
  eventsOf(read(capture))
    .filter(({ kind }) => kind !== 'alias')
    .map(({ key }) => key);

const contents = {
  text: { conversation: 'Hello' },
  edit: { protocolMessage: { key: { id: 'A1' }, type: 14, editedMessage: { conversation: 'Bye' } } },
  revoke: { protocolMessage: { key: { id: 'A1' }, type: 0 } },
  reaction: { reactionMessage: { key: { id: 'A1' }, text: '👍' } },
  vote: {
    pollUpdateMessage: { pollCreationMessageKey: { id: 'A1' }, vote: { encPayload: 'AA==', encIv: 'AA==' } },
  },
};

describe('one message in two forms', () => {
  it.each(Object.entries(contents))('has the same keys: %s', (_, content) => {
    const byNumber = message({ ...attrs, from: number, sender_lid: lid }, content);
    const byLid = message({ ...attrs, from: lid, sender_pn: number }, content);
    const byKnownLid = message({ ...attrs, from: lid }, content, { numbers: { [lid]: number } });
    expect(keysOf(byLid)).toEqual(keysOf(byNumber));
    expect(keysOf(byKnownLid)).toEqual(keysOf(byNumber));
  });

  it('stays in the chat under the name that the session first gave it', () => {
    const first = message({ ...attrs, from: lid }, contents.text, { chat: lid });
    const later = message({ ...attrs, from: number, sender_lid: lid }, contents.text, { chat: lid });
    expect(keysOf(later)).toEqual(keysOf(first));
    expect(keysOf(first)).toEqual([`message/${lid}/${attrs.id}`]);
  });

  it('has the same keys and content when it comes out of the history', () => {
    const live = eventsOf(read(message({ ...attrs, from: number }, contents.text)))[0];
    const past = eventsOf(
      read(
        captureOf('history', {
          own,
          message: {
            key: { remoteJid: number, fromMe: false, id: attrs.id },
            messageTimestamp: attrs.t,
            message: contents.text,
          },
        }),
      ),
    )[0];
    expect(past).toEqual(live);
  });
});

describe('the direction', () => {
  const sent = { ...attrs, from: '447700900100:3@s.whatsapp.net', recipient: number };

  it.each([
    ['by the own number', sent, {}],
    ['by the own LID', { ...sent, from: own.lid, recipient: lid, peer_recipient_pn: number }, {}],
    ['by what the library says', { ...sent, from: '1@lid' }, { fromMe: true }],
    ['by the recipient, where nothing tells who the account is', sent, { own: undefined }],
  ])('is outbound %s', (_, stanza, more) => {
    const event = firstOf(read(message(stanza, contents.text, more)));
    expect(event).toMatchObject({ direction: 'outbound', to: [{ scheme: 'tel', value: '+12025550123' }] });
  });

  it('is not what a sender writes into the message', () => {
    const forged = { deviceSentMessage: { destinationJid: group, message: contents.text } };
    const event = firstOf(read(message(attrs, forged)));
    expect(event).toMatchObject({
      direction: 'inbound',
      from: { value: '+12025550123' },
      to: [{ value: '+447700900100' }],
      conversation: number,
      routing: { wrappers: 'deviceSentMessage' },
    });
  });
});

describe('an address', () => {
  it('is the phone number as SMS has it, with the spelling as received', () => {
    const event = firstOf(read(message({ ...attrs, from: '12025550123:9@s.whatsapp.net' }, contents.text)));
    expect(event).toMatchObject({
      from: { scheme: 'tel', value: '+12025550123', asReceived: '12025550123:9@s.whatsapp.net' },
    });
  });

  it('is a LID only where nothing tells the number', () => {
    const event = firstOf(read(message({ ...attrs, from: '70000000123:4@lid' }, contents.text)));
    expect(event).toMatchObject({ from: { scheme: 'whatsapp', value: lid } });
  });

  it('is said to be one with its other form where a stanza has both', () => {
    const events = eventsOf(read(message({ ...attrs, from: lid, sender_pn: number }, contents.text)));
    expect(events).toContainEqual({
      kind: 'alias',
      key: `alias/${lid}/${number}`,
      channel: 'whatsapp',
      address: { scheme: 'tel', value: '+12025550123', asReceived: number },
      alias: { scheme: 'whatsapp', value: lid, asReceived: lid },
    });
  });
});

describe('a message that holds several contents', () => {
  it('gives an event for each, with keys of their own', () => {
    const both = { ...contents.text, imageMessage: { caption: 'and a picture', directPath: '/v/1.enc' } };
    const events = eventsOf(read(message(attrs, both)));
    expect(events).toMatchObject([{ text: 'Hello' }, { text: 'and a picture', attachments: [{}] }]);
    expect(new Set(events.map(({ key }) => key)).size).toBe(2);
  });

  it('is not ignored for a part that carries nothing', () => {
    const hidden = { ...contents.text, stickerSyncRmrMessage: { filehash: ['x'] } };
    expect(eventsOf(read(message(attrs, hidden)))).toMatchObject([{ text: 'Hello' }]);
  });
});

describe('something sealed', () => {
  it('is a gap where the secret is another one', () => {
    const capture = message(attrs, contents.vote, { secret: Buffer.alloc(32, 7).toString('base64') });
    expect(eventsOf(read(capture))).toMatchObject([{ kind: 'gap', state: 'open', reason: 'secret-missing' }]);
  });
});

describe('a reaction that points elsewhere', () => {
  it('is about a message of its own chat, whatever its sender says', () => {
    const key = { remoteJid: '120363000000000002@g.us', id: 'A1' };
    const stanza = { ...attrs, from: group, participant: number };
    const events = eventsOf(read(message(stanza, { reactionMessage: { key, text: '👍' } })));
    expect(events).toMatchObject([{ kind: 'reaction', about: `message/${group}/A1` }]);
  });
});

describe('an attachment', () => {
  const reference = (file: object) => {
    const event = firstOf(read(message(attrs, { imageMessage: file })));
    return event?.kind === 'message' ? event.attachments[0]?.reference : undefined;
  };

  it('says how it is fetched, opened and asked for again', () => {
    const file = { directPath: '/v/1.enc', mediaKey: 'AA==', fileSha256: 'Ag==', fileEncSha256: 'Aw==' };
    expect(JSON.parse(reference(file) ?? '')).toEqual({
      ...file,
      mediaType: 'image',
      key: { remoteJid: number, id: attrs.id, fromMe: false },
    });
  });

  it('has no reference where the message says nothing of where it is, or far too much', () => {
    expect(reference({ mediaKey: 'AA==' })).toBeUndefined();
    expect(reference({ directPath: 'x'.repeat(5_000) })).toBeUndefined();
    expect(reference({ directPath: '/v/1.enc', url: 'x'.repeat(5_000) })).toContain('/v/1.enc');
  });
});
