import { createDecipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeParts } from '../bytes.js';
import { openStream } from './open-stream.js';
import { collect, contentOf, SealedInMemory, sealInMemory, vaultOf } from './testing.js';

const vault = vaultOf('instance-1', 0x2a);

test('the format is as documented: a reader that is written from the description opens it', async () => {
  const content = contentOf(2 * 65_536 + 100);
  const { id, sealed } = await sealInMemory(vault, content);
  const header = sealed.subarray(0, 37);
  expect(header.subarray(0, 5).toString('hex')).toBe('0100000001');
  const key = vault.blobKey(header.subarray(5));

  const opened = [0, 1, 2].map((index) => {
    const start = 37 + index * 65_552;
    const chunk = sealed.subarray(start, start + 65_552);
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(index, 7);
    nonce.writeUInt8(index === 2 ? 1 : 0, 11);
    const names = index === 2 ? ['instance-1', id] : ['instance-1'];
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.concat([header, encodeParts(names)])).setAuthTag(chunk.subarray(-16));
    return Buffer.concat([decipher.update(chunk.subarray(0, -16)), decipher.final()]);
  });
  expect(Buffer.concat(opened).equals(content)).toBe(true);
});

/** Pins the stored format and the derivation of keys: a change that breaks this loses every attachment in the field. */
test('blobs sealed by earlier versions still open', async () => {
  const sealed = new SealedInMemory(Buffer.from(PINNED.sealed, 'hex'));
  expect((await collect((await openStream(vault, PINNED.id, sealed)).read())).toString()).toBe('hello');
});

const PINNED = {
  id: '231e102adc09211d1cf2eb6dc388bb7e7e33630a6e2a3d7139cd72f6abc97593',
  sealed:
    '01000000013216ce16aa636cb8c61756a2912031f5c4fe33b0b5f7f327a5ecf905036f618c7d4d2d21eecd9ebd34751bbd799d31c5b85e4fb143',
};
