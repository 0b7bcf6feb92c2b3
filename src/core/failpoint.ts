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
  | 'outbound:before-commit'
  | 'outbound:after-commit'
  | 'sender:claimed'
  | 'sender:answered'
  | 'sender:before-settle'
  | 'sender:after-settle'
  | 'media:claimed'
  | 'media:stored'
  | 'media:before-commit'
  | 'media:after-commit'
  | 'recordings:claimed'
  | 'recordings:listed'
  | 'recordings:taken'
  | 'recordings:before-commit'
  | 'recordings:after-commit'
  | 'reconciler:started'
  | 'reconciler:accepted'
  | 'reconciler:taken'
  | 'reconciler:before-commit'
  | 'reconciler:after-commit';

/** Those of a restore, which runs before any gateway does. */
export type RestoreFailPoint = 'restore:marked' | 'restore:loaded' | 'restore:committed';

/** Those of a commit of a session, which only connectors with `run` pass. */
export type SessionFailPoint = 'session:before-commit' | 'session:after-commit';

type AnyFailPoint = FailPoint | RestoreFailPoint | SessionFailPoint;
type Handler = (point: AnyFailPoint) => void;

let handler: Handler | undefined;

export function onFailPoint(next: Handler): void {
  handler = next;
}

export function failPoint(point: AnyFailPoint): void {
  if (handler !== undefined) handler(point);
}
