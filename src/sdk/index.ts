/** The public contract: what a connector or a sink may import, as `archway/sdk`. */
export { z } from 'zod';
export * from './address.js';
export * from './capture.js';
export * from './connector.js';
export * from './contract.js';
export * from './envelope.js';
export * from './event.js';
export * from './failure.js';
export * from './guarded-lookup.js';
export * from './json.js';
export * from './network-address.js';
export * from './outbound.js';
export * from './own-event.js';
export * from './provider-call.js';
export * from './session.js';
export * from './settings.js';
export * from './sink.js';
export * from './times.js';
