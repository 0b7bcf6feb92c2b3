import { customType, timestamp } from 'drizzle-orm/pg-core';

/** Raw bytes. Values of personal content in such columns are sealed by the vault; the column name says `sealed`. */
export const bytea = customType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
});

/** A point in time to the millisecond. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
