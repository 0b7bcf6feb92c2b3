import { namePlace, type Place } from './place.js';

/** A master key that cannot be used: the wrong shape, a file that is missing, or one that others may read. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

/** The master key given is a good one, but another one wrapped the key of this instance. */
export class WrongMasterKeyError extends Error {
  override readonly name = 'WrongMasterKeyError';

  /**
   * @param wantedKeyId public id of the master key that wrapped the instance key.
   * @param givenKeyId public id of the master key that was given.
   */
  constructor(
    readonly instanceId: string,
    readonly wantedKeyId: string,
    readonly givenKeyId: string,
  ) {
    super(
      `The data of instance ${instanceId} is sealed under master key ${wantedKeyId}, but the master key given is ` +
        `${givenKeyId}. Restore the original: set ARCHWAY_MASTER_KEY to it, or put its file back where ` +
        'ARCHWAY_MASTER_KEY_FILE (by default the key file in the data directory) points. Nothing sealed can be ' +
        'read without it.',
    );
  }
}

/** The stored, wrapped key of an instance is not what this master key wrapped for this instance. */
export class InstanceKeyError extends Error {
  override readonly name = 'InstanceKeyError';

  constructor(instanceId: string, reason: string, options?: ErrorOptions) {
    super(
      `The wrapped key of instance ${instanceId} cannot be opened: ${reason}. ` +
        "Restore the instance's row from a backup.",
      options,
    );
  }
}

/** A sealed value that cannot be opened at this place. Names the place and the reason, never the content. */
export class SealError extends Error {
  override readonly name = 'SealError';

  constructor(
    readonly place: Place,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`The sealed value at ${namePlace(place)} cannot be read: ${reason}`, options);
  }
}
