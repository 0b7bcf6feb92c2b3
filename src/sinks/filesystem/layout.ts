import { type Envelope, Failure, recordKinds, skeletonSchema } from 'archway/sdk';

/**
 * Where an envelope lies. The path is a function of the envelope alone and names no person, because it is kept as
 * evidence, in clear, long after the content may have been erased; README.md tells more. Every part of it is a
 * UUID, a number, or a word of a closed list, so that no content can choose a path.
 */

const namedBy = skeletonSchema.pick({
  instance: true,
  sequence: true,
  id: true,
  kind: true,
  conversation: true,
  times: true,
});

export interface Place {
  /** `<instance>/<yyyy>/<mm>/<dd>/<conversation>`: the folders, outermost first. */
  readonly folders: readonly string[];
  readonly file: string;
  /** Folders and file with `/` between, on every platform. */
  readonly locator: string;
  /** Envelopes with the same lane keep their order. */
  readonly lane: string;
}

/** Says where an envelope belongs. Throws a `Failure` of kind `rejected` for one that cannot be named. */
export function placeOf(envelope: Envelope): Place {
  const named = namedBy.safeParse(pickNaming(envelope));
  if (!named.success) {
    const fields = named.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new Failure('rejected', `The envelope cannot be filed: its skeleton has no valid ${fields}.`);
  }
  const { instance, sequence, id, kind, times } = named.data;
  const conversation = named.data.conversation ?? 'no-conversation';
  const [year, month, day] = times.received.slice(0, 10).split('-') as [string, string, string];
  const folders = [instance, year, month, day, conversation];
  const parts = [String(sequence).padStart(12, '0'), kind, directionOf(envelope), id];
  const file = `${parts.filter((part) => part !== undefined).join('-')}.json`;
  return { folders, file, locator: [...folders, file].join('/'), lane: `${instance}/${conversation}` };
}

/** Only what names the file: a field of a later version must not make an envelope impossible to keep. */
function pickNaming({ skeleton }: Envelope) {
  const { instance, sequence, id, kind, conversation, times } = skeleton;
  return { instance, sequence, id, kind, conversation, times };
}

function directionOf({ content }: Envelope): 'inbound' | 'outbound' | undefined {
  if (content.kind !== 'message' && content.kind !== 'call') return undefined;
  return content.direction === 'inbound' || content.direction === 'outbound' ? content.direction : undefined;
}

const sha256Pattern = /^[0-9a-f]{64}$/;

/**
 * Where the bytes of an attachment belong: under their digest, beside the days of their instance. Throws a `Failure` of kind
 * `rejected` for what cannot be a part of a path.
 */
export function attachmentPlaceOf(
  instance: string,
  sha256: string,
): Pick<Place, 'folders' | 'file' | 'locator'> {
  if (!skeletonSchema.shape.instance.safeParse(instance).success || !sha256Pattern.test(sha256)) {
    throw new Failure('rejected', 'The attachment cannot be filed: its record names no valid SHA-256.');
  }
  const folders = [instance, 'attachments', sha256.slice(0, 2), sha256.slice(2, 4)];
  return { folders, file: sha256, locator: [...folders, sha256].join('/') };
}

const uuid = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const locatorPattern = new RegExp(
  `^${uuid}/\\d{4}/\\d{2}/\\d{2}/(?:${uuid}|no-conversation)/` +
    `\\d{12,16}-(?:${recordKinds.join('|')})(?:-(?:inbound|outbound))?-${uuid}\\.json$`,
);

/** Whether a locator has the form that `placeOf` gives. Anything else could lead out of the archive. */
export function isLocator(locator: string): boolean {
  return locatorPattern.test(locator);
}
