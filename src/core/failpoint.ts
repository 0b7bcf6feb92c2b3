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
  | 'dispatcher:after-commit'
  | 'media:claimed'
  | 'media:stored'
  | 'media:before-commit'
  | 'media:after-commit';

/** Those of a restore, which runs before any gateway does. */
export type RestoreFailPoint = 'restore:marked' | 'restore:loaded' | 'restore:committed';

type Handler = (point: FailPoint | RestoreFailPoint) => void;

let handler: Handler | undefined;

export function onFailPoint(next: Handler): void {
  handler = next;
}

export function failPoint(point: FailPoint | RestoreFailPoint): void {
  if (handler !== undefined) handler(point);
}
