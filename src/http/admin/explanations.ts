import type { AlertReason } from '../../db/alerts.js';
import type { QuarantineReason } from '../../pipeline/reading.js';
import type { FailureKind } from '../../sdk/index.js';

/** One sentence each on what it means and what to do, for the person who reads the list. */

const quarantineReasons: Record<QuarantineReason, string> = {
  'parser-error':
    'The connector failed on these bytes, which is a fault in the connector: update it, then replay the capture.',
  'invalid-events':
    'The connector read events that do not fit the record schema, which is a fault in the connector: update it, then replay the capture.',
  unreadable:
    'The stored bytes cannot be opened, because they were damaged or sealed under another key: restore the row from a backup, then replay the capture.',
  'recording-error':
    'The capture was read, but its records could not be written: see the detail and the log of the server, mend the cause, then replay the capture.',
  conflict:
    'The provider sent an event that the journal holds with other content; both are kept as records: compare them in the history, and replay only after an update of the connector.',
};

const failureKinds: Record<FailureKind, string> = {
  config:
    'The settings of the sink are wrong or its target is not there: correct the target, or the settings by archway sink set; deliveries go on by themselves.',
  auth: 'The sink refused the credentials: renew them at its side, or by archway sink set; deliveries go on by themselves.',
  throttled: 'The sink asked to slow down: nothing is to be done, deliveries go on by themselves.',
  unavailable:
    'The sink cannot be reached or is out of order: bring it back; deliveries go on by themselves and lose nothing.',
  rejected:
    'The sink refused this record and would refuse it again: find out from the failure why, mend the cause at the sink, then replay the dead letter.',
  indeterminate:
    'The sink takes what it is sent and gives no clear answer, so records may have arrived: check the sink. Deliveries go on by themselves when it answers; a dead letter, which failed while others got through, is to be replayed. The key of a delivery stays the same.',
};

const alertReasons: Record<AlertReason, string> = {
  'sink-down':
    'Nothing gets through to a sink: see archway sink show and mend the cause; records wait, and go on by themselves.',
  'sink-behind':
    'Records wait for a sink for long: it is paused, or takes less than comes in; see archway sink show, then resume it or make it faster.',
  'dead-letters':
    'Deliveries ended without success; their records are in the journal: see archway dead-letters list, mend the cause, replay.',
  'inbox-behind':
    'Captures wait to be read: a connector was uninstalled, or no node does the work; nothing is lost. See the log of the server.',
  'spool-waiting':
    'The database could not be reached, and captures went to the disk of a node: bring it back; they are taken over by themselves.',
  'account-silent':
    'An account had no message for longer than is expected of it: see archway account test, and the console of the provider.',
  'account-not-open':
    'The session of an account is not open, and nothing comes in by it: see archway account list for its state and what to do.',
};

export function explainAlert(reason: AlertReason): string {
  return alertReasons[reason];
}

export function explainQuarantine(reason: string | null): string {
  const known = Object.hasOwn(quarantineReasons, reason ?? '');
  if (known) return quarantineReasons[reason as QuarantineReason];
  return 'An unknown reason, written by another version of Archway: see the detail, then replay the capture.';
}

export function explainFailure(kind: FailureKind): string {
  return failureKinds[kind];
}
