import { Failure } from 'archway/sdk';

/** Not lasting: a name that is not there may be one that the name servers have lost for a while. */
const nameFaults = new Map([
  ['ENOTFOUND', 'has a name without an address; check the host of url'],
  ['EAI_AGAIN', 'has a name that the name servers do not answer for at the moment'],
]);

/** How far a request had come when it failed. */
export interface Progress {
  /** The connection stood, so that some of the request, or all, may have been read. */
  readonly connected: boolean;
  /** Why we ended it ourselves, if we did. */
  readonly endedBy?: 'timeout' | 'stop' | undefined;
}

/** Turns what became of a request without an answer into a `Failure`. The error itself may hold bytes of the answer: not kept. */
export function networkFailure(error: unknown, progress: Progress, origin: string): Failure {
  if (error instanceof Failure) return error;
  const receiver = `The receiver at ${origin}`;
  const { connected, endedBy } = progress;
  if (endedBy !== undefined) {
    const why = endedBy === 'timeout' ? 'in time' : 'before the sink was stopped';
    return connected
      ? new Failure('indeterminate', `${receiver} gave no answer ${why}; it may have the request.`)
      : new Failure('unavailable', `${receiver} could not be reached ${why}.`);
  }
  const code = codeOf(error);
  const fault = code === undefined ? undefined : lastingFault(code);
  if (fault !== undefined) return new Failure('config', `${receiver} ${fault} (${code}).`);
  if (connected) {
    return new Failure(
      'indeterminate',
      `${receiver} broke the connection (${code}); it may have the request.`,
    );
  }
  const what = nameFaults.get(code ?? '') ?? 'could not be reached';
  return new Failure('unavailable', `${receiver} ${what} (${code}).`);
}

/** The code of the system, of OpenSSL or of the HTTP parser. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Codes by which Node says that a certificate is not to be trusted. */
const certificateCodes =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/;

/** What someone has to mend before another try can help. */
function lastingFault(code: string): string | undefined {
  if (certificateCodes.test(code)) {
    return 'has a certificate that is not trusted; renew it, or give its authority to the server in NODE_EXTRA_CA_CERTS';
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return 'does not speak TLS as it should; check the port and the scheme of url';
  if (code.startsWith('HPE_')) return 'does not answer in HTTP; check the port of url';
  return undefined;
}
