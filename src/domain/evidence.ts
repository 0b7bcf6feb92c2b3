import type { Evidence } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';

const place = (deliveryId: string) => ({ table: 'evidence', id: deliveryId, column: 'sealed' });

/** Evidence is sealed as a whole: in some archives the locator names a person. */
export function sealEvidence(vault: InstanceVault, deliveryId: string, evidence: Evidence): Uint8Array {
  return vault.sealJson(evidence, place(deliveryId));
}

export function openEvidence(vault: InstanceVault, deliveryId: string, sealed: Uint8Array): Evidence {
  return vault.openJson(sealed, place(deliveryId)) as Evidence;
}
