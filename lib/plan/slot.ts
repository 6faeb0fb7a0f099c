/** Dates are counted in slots of time, so that a plan over billions of versions fits into memory. */
import { DAY, type Instant } from '../lock/instant.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Lengths that divide a day, so that a midnight is always the end of a slot. */
const LADDER = [DAY, 12 * HOUR, 3 * HOUR, HOUR, 15 * MINUTE, MINUTE, SECOND];

/**
 * How long a slot is under a tolerance (milliseconds): an eighth of it at most, and a second at least.
 * Lock dates are whole seconds, so that under no tolerance every date has a slot of its own.
 */
export function slotLength(tolerance: number): number {
  return LADDER.find((length) => length * 8 <= tolerance) ?? SECOND;
}

/** The number of the slot that a date lies in; the date at its end belongs to it. */
export function slotOf(date: Instant, length: number): number {
  return Math.ceil(date / length);
}
