/**
 * Classes of SQLSTATE in which the server, and not the statement, is at fault: connection, authorization (a password
 * that was changed), a database that is missing, resources, operator, system.
 */
const unavailableClasses = ['08', '28', '3D', '53', '57', '58'];

const driverCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ECONNABORTED',
  'EMFILE',
  'ENFILE',
]);

/** Read-only after a failover, and out of disk: nothing is wrong with the row either. */
const unavailableStates = new Set(['25006', '40001', '40P01']);

/** Whether the database as a whole is away, so that the same statement may well succeed later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = (each as { code?: unknown }).code;
    if (typeof code !== 'string') continue;
    if (driverCodes.has(code) || unavailableStates.has(code)) return true;
    if (code.length === 5 && unavailableClasses.includes(code.slice(0, 2))) return true;
  }
  return false;
}
