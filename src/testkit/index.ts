/**
 * The conformance kit, published as `archway/testkit`: what a connector or a sink must do, as rules that any test
 * runner, or none, can put to it.
 *
 *     import { connectorRules, runRules } from 'archway/testkit';
 *     import { subject } from './testing.js';
 *
 *     for (const { id, outcome, message } of await runRules(connectorRules, subject)) {
 *       if (outcome !== 'passed') throw new Error(`${id}: ${message}`);
 *     }
 */
export * from './attachments.js';
export { RuleBroken } from './check.js';
export * from './envelopes.js';
export { readFixtures } from './read-fixtures.js';
export { referenceConnector, referenceConnectorSubject } from './reference/connector.js';
export { referenceSink, referenceSinkSubject } from './reference/sink.js';
export { remedies } from './remedies.js';
export { connectorRules, sinkRules } from './rules/index.js';
export * from './run.js';
export type {
  CallSubject,
  ConnectorSubject,
  Fixture,
  OutboundProvider,
  OutboundSubject,
  PreparedSink,
  ProviderAnswer,
  ProviderRequest,
  ProviderSide,
  Rule,
  SinkSubject,
} from './subject.js';
