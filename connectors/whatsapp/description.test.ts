import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { proto } from '@whiskeysockets/baileys';
import { eventSchema, type Parsed } from 'archway/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from './parse.js';
import { type Description, Maker, readDescription } from './support/proto-description.js';
import { captureOf } from './testing.js';

/** The description of WhatsApp's messages that the library comes with. */
const file = createRequire(import.meta.url).resolve('@whiskeysockets/baileys/WAProto/WAProto.proto');
const types: Description = readDescription(readFileSync(file, 'utf8'));

const own = { pn: '447700900100:7@s.whatsapp.net', lid: '900100100100:7@lid' };
const attrs = { id: '3EB0000000000000AAAA', from: '12025550123@s.whatsapp.net', t: '1763890200' };

/** The bytes of a message, and what the library makes of them: what the session commits. */
function captured(message: object, stanza: object = attrs) {
  const payload = proto.Message.encode(proto.Message.fromObject(message as never)).finish();
  const decoded = proto.Message.toObject(proto.Message.decode(payload), { bytes: String, longs: String });
  const body = { payload: Buffer.from(payload).toString('base64'), message: decoded, own };
  return captureOf('message', { ...body, stanza: { tag: 'message', attrs: stanza } });
}

function expectSound(parsed: Parsed): void {
  if (parsed.kind !== 'events') {
    expect(parsed.reason).not.toBe('');
    return;
  }
  expect(parsed.events.length).toBeGreaterThan(0);
  for (const event of parsed.events) expect(eventSchema.parse(event)).toEqual(event);
  expect(new Set(parsed.events.map(({ key }) => key)).size).toBe(parsed.events.length);
}

/** Contents that may say nothing to anybody, each with what it is then. */
const mayBeOther: Readonly<Record<string, RegExp>> = {
  senderKeyDistributionMessage: /keys for a group|not known here/,
  fastRatchetKeySenderKeyDistributionMessage: /keys for a group|not known here/,
  messageContextInfo: /not known here/,
  stickerSyncRmrMessage: /stickers/,
  protocolMessage: /protocol message|own devices|assistant|no message/,
  reactionMessage: /no message/,
  pollUpdateMessage: /no message/,
  encReactionMessage: /no message/,
  encCommentMessage: /no message/,
  encEventResponseMessage: /no message/,
  secretEncryptedMessage: /no message|no known type/,
  keepInChatMessage: /no known form/,
  pinInChatMessage: /no known form/,
};

describe("every content that WhatsApp's description of a message has", () => {
  const fields = types.Message?.fields ?? [];

  it('is described at all', () => {
    expect(fields.length).toBeGreaterThan(90);
  });

  it.each(fields.map(({ name, type }) => [name, type] as const))(
    '%s is read to events, or ignored or kept as unsupported with a reason',
    (name, type) => {
      const isWrapper = ['FutureProofMessage', 'DeviceSentMessage', 'CommentMessage'].includes(type);
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const value = isWrapper
            ? { message: { conversation: 'within' } }
            : new Maker(types, seed).make(type, 'Message', 1);
          const parsed = parse(captured({ [name]: value }), { ownAddresses: [] });
          expectSound(parsed);
          if (parsed.kind === 'events') return;
          // What is said to be read is read, whatever optional parts it has.
          expect(parsed.reason).toMatch(mayBeOther[name] ?? /^$/);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('is read the same within any wrappers, which the record names', () => {
    const wrappers = fields.filter(({ type }) => type === 'FutureProofMessage').map(({ name }) => name);
    const chain = fc.array(fc.constantFrom(...wrappers.filter((name) => name !== 'editedMessage')), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(chain, fc.string({ minLength: 1 }), (names, text) => {
        const message = names.reduceRight<object>((inner, name) => ({ [name]: { message: inner } }), {
          conversation: text.toWellFormed(),
        });
        const parsed = parse(captured(message), { ownAddresses: [] });
        expect(parsed).toMatchObject({
          kind: 'events',
          events: [{ kind: 'message', text: text.toWellFormed(), routing: { wrappers: names.join(' > ') } }],
        });
      }),
    );
  });

  it('is kept with a reason when it is wrapped deeper than anybody would', () => {
    let message: object = { conversation: 'deep' };
    for (let depth = 0; depth < 40; depth += 1) message = { ephemeralMessage: { message } };
    expect(parse(captured(message), { ownAddresses: [] })).toMatchObject({
      kind: 'unsupported',
      reason: expect.stringContaining('too many wrappers'),
    });
  });

  it('is named by its number when the description does not have it', () => {
    const payload = Buffer.from([0xd2, 0x0f, 0x02, 0x08, 0x01]);
    const decoded = proto.Message.toObject(proto.Message.decode(payload));
    const body = { payload: payload.toString('base64'), message: decoded, own };
    expect(parse(captureOf('message', { ...body, stanza: { attrs } }), { ownAddresses: [] })).toMatchObject({
      kind: 'unsupported',
      reason: expect.stringContaining('fields 250'),
    });
  });
});
