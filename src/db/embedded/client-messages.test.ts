import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientMessageReader } from './client-messages.js';
import { concatenate, frame, queryFrame, startupFrame, syncFrame } from './frames.js';

const int32 = (...values: number[]) => {
  const bytes = new Uint8Array(values.length * 4);
  for (const [index, value] of values.entries()) new DataView(bytes.buffer).setInt32(index * 4, value);
  return bytes;
};

describe('ClientMessageReader', () => {
  const conversation = concatenate([
    int32(8, 80877103),
    startupFrame('someone', 'something'),
    frame('P', 'first', 'SELECT 1', int32(0).subarray(2)),
    syncFrame,
    frame('P', '', 'SELECT 2', int32(0).subarray(2)),
    frame('H'),
    queryFrame('SELECT 3'),
    frame('X'),
  ]);
  const whole = new ClientMessageReader().read(conversation);

  it('cuts where an answer is owed', () => {
    expect(whole.map((message) => message.kind)).toEqual([
      'encryption-request',
      'startup',
      'batch',
      'batch',
      'batch',
      'terminate',
    ]);
    const prepares = whole.flatMap((message) => (message.kind === 'batch' ? [message.batch.prepares] : []));
    expect(prepares).toEqual([['first'], [], []]);
  });

  it('cuts in the same places however the bytes arrive', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: conversation.length - 1 }));
    fc.assert(
      fc.property(cuts, (positions) => {
        const edges = [0, ...positions.toSorted((a, b) => a - b), conversation.length];
        const reader = new ClientMessageReader();
        const parts = edges.slice(1).map((end, index) => conversation.subarray(edges[index], end));
        expect(parts.flatMap((part) => reader.read(part))).toEqual(whole);
      }),
    );
  });

  it('refuses what is not the protocol', () => {
    const refused = [{ kind: 'refused' }];
    expect(new ClientMessageReader().read(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toEqual(refused);
    expect(new ClientMessageReader().read(int32(16, 80877102, 1, 1))).toEqual(refused);
    expect(new ClientMessageReader().read(int32(8, 0x20000))).toEqual(refused);
  });
});
