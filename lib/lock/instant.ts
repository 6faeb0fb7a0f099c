import { HoldfastError } from '../errors.ts';

declare const instant: unique symbol;

/** A moment in time: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instant]: true };

const SECOND = 1_000;
export const DAY = 86_400_000;

/** S3 keeps a lock for 100 years at most; nothing Holdfast computes may leave the range of four-digit years. */
const LATEST = Date.UTC(9999, 11, 31);

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Takes milliseconds since 1970 as a moment in time.
 *
 * @throws HoldfastError `bad-input` when the number is no date within the years 1970 to 9999.
 */
export function instantOf(epochMs: number): Instant {
  if (!Number.isFinite(epochMs) || epochMs < 0 || epochMs > LATEST) {
    throw new HoldfastError('bad-input', {
      what: `${String(epochMs)} is not a date between the years 1970 and 9999`,
      next: 'write it as 2031-12-31 or 2031-12-31T10:00:00Z',
    });
  }
  return Math.trunc(epochMs) as Instant;
}

/**
 * Reads an ISO 8601 date with time and offset, such as `2031-12-31T10:00:00Z`.
 *
 * @throws HoldfastError `bad-input` when the text is not such a date, or the day does not exist.
 * @example
 * parseInstant('2024-02-29T10:00:00Z');
 */
export function parseInstant(text: string): Instant {
  const epochMs = DATE_TIME.test(text) && dayExists(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(epochMs)) {
    throw new HoldfastError('bad-input', {
      what: `"${text}" is not a date and time`,
      next: 'write it as 2031-12-31T10:00:00Z',
    });
  }
  return instantOf(epochMs);
}

/**
 * Reads a day, such as `2031-12-31`, and answers the end of it in UTC: the first moment of the next day.
 *
 * @throws HoldfastError `bad-input` when the text is not a day, or the day does not exist.
 */
export function parseEndOfDay(text: string): Instant {
  if (!dayExists(text)) {
    throw new HoldfastError('bad-input', {
      what: `"${text}" is not a day of the calendar`,
      next: 'write it as 2031-12-31',
    });
  }
  return instantOf(Date.parse(`${text}T00:00:00Z`) + DAY);
}

/** Reads a day as its end, or a date with time as that moment. */
export function parseDayOrInstant(text: string): Instant {
  return DATE.test(text) ? parseEndOfDay(text) : parseInstant(text);
}

/** Reads a day as its start in UTC, or a date with time as that moment. */
export function parseStartOrInstant(text: string): Instant {
  return parseInstant(dayExists(text) ? `${text}T00:00:00Z` : text);
}

/** Whether the text is a day that the calendar has: 2023-02-29 is not. */
export function dayExists(text: string): boolean {
  if (!DATE.test(text)) return false;
  const epochMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(epochMs) && new Date(epochMs).toISOString().startsWith(text);
}

/** Writes a moment as S3 does, in UTC, without a fraction when it has none: `2034-03-08T00:00:00Z`. */
export function formatInstant(moment: Instant): string {
  return new Date(moment).toISOString().replace('.000Z', 'Z');
}

/** The moment itself when it is a whole second, or else the next whole second: lock dates round up. */
export function ceilToSecond(moment: Instant): Instant {
  return (Math.ceil(moment / SECOND) * SECOND) as Instant;
}

/** The moment itself when it is a UTC midnight, or else the next one. */
export function ceilToDay(moment: Instant): Instant {
  return (Math.ceil(moment / DAY) * DAY) as Instant;
}
