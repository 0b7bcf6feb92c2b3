import { z } from 'zod';

/** An instant in UTC with milliseconds: `2026-11-23T09:30:00.000Z`. */
export const instantSchema = z.iso.datetime({ precision: 3 });

/**
 * A time that the provider claims, with how finely it was given. It is left out where the provider gives
 * none; it is never filled in from our own clock.
 */
export const claimedTimeSchema = z.strictObject({
  at: instantSchema,
  granularity: z.enum(['millisecond', 'second', 'minute', 'day']),
});

export type ClaimedTime = z.infer<typeof claimedTimeSchema>;
