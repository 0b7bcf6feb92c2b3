import type { ConnectorSubject, Rule, SinkSubject } from '../subject.js';
import { attachmentRules } from './attachments.js';
import { callingRules } from './calling.js';
import { callRules } from './calls.js';
import { declarationRules } from './declarations.js';
import { failingRules } from './failing.js';
import { integrityRules } from './integrity.js';
import { keepingRules } from './keeping.js';
import { listingRules } from './listing.js';
import { outboundRules } from './outbound.js';
import { parsingRules } from './parsing.js';
import { replyRules } from './replies.js';
import { secretRules } from './secrets.js';
import { sendingRules } from './sending.js';
import { signatureRules } from './signature.js';
import { stoppingRules } from './stopping.js';

/** Every rule for connectors. All of them hold for every connector; one that does not apply passes. */
export const connectorRules: readonly Rule<ConnectorSubject>[] = [
  ...declarationRules,
  ...signatureRules,
  ...parsingRules,
  ...listingRules,
  ...replyRules,
  ...secretRules,
  ...outboundRules,
  ...sendingRules,
  ...callRules,
  ...callingRules,
];

/** Every rule for sinks. All of them hold for every sink; one about a guarantee that is not claimed passes. */
export const sinkRules: readonly Rule<SinkSubject>[] = [
  ...failingRules,
  ...keepingRules,
  ...stoppingRules,
  ...integrityRules,
  ...attachmentRules,
];
