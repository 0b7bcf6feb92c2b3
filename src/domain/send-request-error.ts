/** Nothing was put on record: the request itself is not right. */
export class SendRequestError extends Error {
  override readonly name = 'SendRequestError';

  constructor(
    readonly kind: 'invalid' | 'key-used',
    message: string,
  ) {
    super(message);
  }
}
