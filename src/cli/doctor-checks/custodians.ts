import { type Check, ok, warn } from './check.js';

const name = 'custodians';

/** By the report of a running server; undefined from one that does not count them. */
export function checkCustodians(unassigned: number | undefined): Check[] {
  if (unassigned === undefined) return [];
  if (unassigned === 0) return [ok(name, 'every own address belongs to somebody')];
  const detail = `${unassigned} own address(es) belong to no custodian: what is said under them names nobody`;
  return [warn(name, detail, 'archway account list; archway people assign <address> --custodian <name>')];
}
