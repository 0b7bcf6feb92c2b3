import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Delivery, type DeliveryAttachment, Failure } from 'archway/sdk';
import type { Folders } from './folders.js';
import { attachmentPlaceOf, type Place } from './layout.js';
import { codeOf } from './refusal.js';
import { compareKept, discard, incomingFolder, type Publish, stage } from './write-once.js';

/** Keeps the bytes of attachments, each content once, however many messages brought it. */
export class AttachmentKeeper {
  constructor(
    private readonly root: string,
    private readonly folders: Folders,
    private readonly publish: Publish,
  ) {}

  /**
   * When this resolves, the bytes of all attachments of the delivery are durable under their names.
   *
   * @throws {Failure} and errors of the file system.
   */
  async keep(
    { envelope, attachments = [] }: Delivery,
    stopFailure: () => Failure | undefined,
  ): Promise<void> {
    for (const attachment of attachments) {
      const place = attachmentPlaceOf(envelope.skeleton.instance, attachment.sha256);
      if (!(await this.#isKept(place, attachment))) await this.#write(place, attachment, stopFailure);
      const folder = await this.folders.ensure(place.folders);
      await this.folders.sync(folder);
    }
  }

  /** Whether the same bytes lie there already, and are synced. */
  async #isKept(place: AttachmentPlace, attachment: DeliveryAttachment): Promise<boolean> {
    try {
      const kept = await compareKept(join(this.root, ...place.folders, place.file), attachment);
      if (kept === 'other') throw otherBytes(place);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #write(
    place: AttachmentPlace,
    attachment: DeliveryAttachment,
    stopFailure: () => Failure | undefined,
  ): Promise<void> {
    const staged = await stage(join(this.root, incomingFolder), checked(attachment, stopFailure));
    try {
      const name = await this.#nameFor(place);
      if ((await this.publish(staged, name, () => attachment)) === 'other') throw otherBytes(place);
    } finally {
      await discard(staged);
    }
  }

  async #nameFor({ folders, file }: AttachmentPlace): Promise<string> {
    // What someone may have removed since it was made is made anew.
    this.folders.forget(folders);
    return join(await this.folders.ensure(folders), file);
  }
}

type AttachmentPlace = Pick<Place, 'folders' | 'file' | 'locator'>;

/** The bytes as they come; ends with an error unless they are the ones that were announced. */
async function* checked(
  attachment: DeliveryAttachment,
  stopFailure: () => Failure | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let byteLength = 0;
  for await (const piece of await open(attachment)) {
    const stopped = stopFailure();
    if (stopped !== undefined) throw stopped;
    byteLength += piece.byteLength;
    if (byteLength > attachment.byteLength) throw notAnnounced();
    hash.update(piece);
    yield piece;
  }
  if (byteLength !== attachment.byteLength || hash.digest('hex') !== attachment.sha256) throw notAnnounced();
}

/** An error of the source is not one of this archive's disk, whatever its code. */
async function open(attachment: DeliveryAttachment): Promise<AsyncIterable<Uint8Array>> {
  try {
    return fromSource(await attachment.open());
  } catch (error) {
    throw sourceFailure(error);
  }
}

async function* fromSource(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw sourceFailure(error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(ignore);
  }
}

function ignore(): void {
  // The stream has failed before, and that was told.
}

function sourceFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('unavailable', 'The bytes of the attachment broke off.', { cause: error });
}

function notAnnounced(): Failure {
  return new Failure('rejected', 'The bytes of the attachment are not those that its record names.');
}

function otherBytes({ locator }: AttachmentPlace): Failure {
  return new Failure(
    'rejected',
    `${locator} holds other bytes than its name says. They were left as they are; compare both before deciding.`,
  );
}
