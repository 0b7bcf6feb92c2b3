import { prologue } from './noise.js';

const lengthBytes = 3;

/** Puts the length in front, as every frame has it in both directions. */
export function frame(bytes: Uint8Array): Buffer {
  const framed = Buffer.alloc(lengthBytes + bytes.length);
  framed.writeUIntBE(bytes.length, 0, lengthBytes);
  framed.set(bytes, lengthBytes);
  return framed;
}

/** Cuts what a client sends into frames; the first bytes of all are the prologue. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private begun = false;

  /** @throws for a client that speaks another protocol */
  push(bytes: Buffer): Buffer[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    if (!this.begun) {
      if (this.rest.length < prologue.length) return [];
      if (!this.rest.subarray(0, prologue.length).equals(prologue)) throw new Error('Not the WA prologue.');
      this.rest = this.rest.subarray(prologue.length);
      this.begun = true;
    }
    const frames: Buffer[] = [];
    while (this.rest.length >= lengthBytes) {
      const end = lengthBytes + this.rest.readUIntBE(0, lengthBytes);
      if (this.rest.length < end) break;
      frames.push(this.rest.subarray(lengthBytes, end));
      this.rest = this.rest.subarray(end);
    }
    return frames;
  }
}
