/**
 * Named places where the crash tests may kill the process. In production the handler is never set and a fail point
 * costs one comparison; there is no way to set one from outside the process.
 */
export type FailPoint =
  | 'ingest:received'
  | 'ingest:before-commit'
  | 'ingest:after-commit'
  | 'ingest:before-reply'
  | 'spool:before-sync'
  | 'spool:after-sync'
  | 'spool:before-remove'
  | 'normaliser:claimed'
  | 'normaliser:before-commit'
  | 'normaliser:after-commit'
  | 'dispatcher:claimed'
  | 'dispatcher:before-deliver'
  | 'dispatcher:after-deliver'
  | 'dispatcher:after-commit';

let handler: ((point: FailPoint) => void) | undefined;

export function onFailPoint(next: (point: FailPoint) => void): void {
  handler = next;
}

export function failPoint(point: FailPoint): void {
  if (handler !== undefined) handler(point);
}
