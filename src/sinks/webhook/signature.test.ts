import { describe, expect, test } from 'vitest';
import { signatureOf } from './signature.js';
import { otherSecret, testSecret } from './testing.js';

/** Signed by the standard's own library, `standardwebhooks` 1.1.1: id, timestamp, body, by `testSecret`, by `otherSecret`. */
const vectors = [
  [
    'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    1674087231,
    '{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z","data":{"id":"1f81eb52-5198-4599-803e-771906343485"}}',
    'v1,Inw/unYkpAh6Njpdz4O+hnN82xYMXQ6NjnZIQN/mzIQ=',
    'v1,GgNcg6XnwbDJxaGyUUkkBoz7yzpkoiU5hwXBPTYLYZo=',
  ],
  [
    'msg_1',
    1795426200,
    '{"text":"Zoë 🐘 \\u0000"}',
    'v1,hJEUDF0SWLutkSsVzdnEVGDUN7EuB2E84mXYS0If7oA=',
    'v1,4X/Shap7zh8La5OA3LTy9O6l8HJ70dAoq58G6sTlMpU=',
  ],
  [
    'msg_empty',
    0,
    '',
    'v1,u8M+XGd3x3uPcmM0pN+pqfS3PhDurP7UoBRLyKeHyY4=',
    'v1,4PRcezOd/LuV+fx5yF7x3NRTW9lMHCqSxmcvFDOqB84=',
  ],
] as const;

describe.each(vectors)('the signature of %s', (id, timestamp, text, byTest, byOther) => {
  const signed = { id, timestamp, body: Buffer.from(text) };

  test('is that of the standard', () => {
    expect(signatureOf(signed, [testSecret])).toBe(byTest);
    expect(signatureOf(signed, [otherSecret])).toBe(byOther);
  });

  test('holds one for each secret during a rotation, the current one first', () => {
    expect(signatureOf(signed, [testSecret, otherSecret])).toBe(`${byTest} ${byOther}`);
  });
});
