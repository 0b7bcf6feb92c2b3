export * from './access.js';
export * from './accounts.js';
export * from './captures.js';
export * from './deliveries.js';
export * from './instances.js';
export * from './people.js';
export * from './reconciliations.js';
export * from './records.js';
