export * from './access.js';
export * from './accounts.js';
export * from './captures.js';
export * from './conversations.js';
export * from './deliveries.js';
export * from './instances.js';
export * from './people.js';
export * from './records.js';
