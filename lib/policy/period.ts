/** Periods of time as people write them, and their arithmetic by the UTC calendar. */
import { HoldfastError } from '../errors.ts';
import { DAY, type Instant, instantOf } from '../lock/instant.ts';

/** A length of time: years and months by the calendar, then days, then seconds. */
export interface Period {
  readonly text: string;
  readonly months: number;
  readonly days: number;
  readonly seconds: number;
}

export type CalendarUnit = 'month' | 'quarter' | 'year';

const ISO =
  /^P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/;
const SHORT = /^(\d{1,6})(d|w|mo|y)$/;

export const PERIOD_PATTERN = `(${ISO.source})|(${SHORT.source})`;

const MONTHS_OF: Record<CalendarUnit, number> = { month: 1, quarter: 3, year: 12 };

/**
 * Reads an ISO 8601 period (`P7Y`, `P1Y6M`, `PT10M`) or a short one (`90d`, `12w`, `6mo`, `7y`).
 * `6m` is refused: nobody can tell months from minutes.
 *
 * @throws HoldfastError `bad-input` when the text is neither.
 * @example
 * parsePeriod('P10Y').months; // 120
 */
export function parsePeriod(text: string): Period {
  const iso = ISO.exec(text);
  if (iso !== null && text !== 'P' && !text.endsWith('T')) {
    const part = (at: number): number => Number(iso[at] ?? 0);
    return {
      text,
      months: part(1) * 12 + part(2),
      days: part(3) * 7 + part(4),
      seconds: part(5) * 3_600 + part(6) * 60 + part(7),
    };
  }
  const [, count, unit] = SHORT.exec(text) ?? [];
  const amount = Number(count);
  switch (unit) {
    case 'd':
      return { text, months: 0, days: amount, seconds: 0 };
    case 'w':
      return { text, months: 0, days: amount * 7, seconds: 0 };
    case 'mo':
      return { text, months: amount, days: 0, seconds: 0 };
    case 'y':
      return { text, months: amount * 12, days: 0, seconds: 0 };
    default:
      throw new HoldfastError('bad-input', {
        what: `"${text.slice(0, 60)}" is not a period`,
        next: /^\d+m$/.test(text)
          ? `write ${text}o for months (${text} could also mean minutes)`
          : 'write P7Y, P6M, P90D or 7y, 6mo, 12w, 90d',
      });
  }
}

/**
 * The moment one period after `from`, by the UTC calendar.
 * A day that does not exist becomes the next day: 31 January + P1M is 1 March, so no term is cut short.
 *
 * @throws HoldfastError `bad-input` when the result lies beyond the year 9999.
 */
export function addPeriod(from: Instant, period: Period): Instant {
  const moved = period.months === 0 ? from : addMonths(from, period.months);
  return instantOf(moved + period.days * DAY + period.seconds * 1_000);
}

/** The end of the month, quarter or year that holds a moment: the first moment of the next one. */
export function endOf(moment: Instant, unit: CalendarUnit): Instant {
  const date = new Date(moment);
  const size = MONTHS_OF[unit];
  const first = Math.floor(date.getUTCMonth() / size) * size;
  return instantOf(Date.UTC(date.getUTCFullYear(), first + size, 1));
}

/** A period as days, by the longest case that the calendar has: P1M is 31, P6Y is 2,192. */
export function longestDays(period: Period): number {
  return Math.ceil(extreme(period, Math.max) / DAY);
}

/** A period in milliseconds, by the shortest case that the calendar has: P1M is 28 days. */
export function shortestLength(period: Period): number {
  return extreme(period, Math.min);
}

/** A period as whole days, by the shortest case that the calendar has: P1M is 28. */
export function shortestDays(period: Period): number {
  return Math.floor(extreme(period, Math.min) / DAY);
}

/** One period after the other. */
export function plus(first: Period, second: Period): Period {
  return {
    text: `${first.text} + ${second.text}`,
    months: first.months + second.months,
    days: first.days + second.days,
    seconds: first.seconds + second.seconds,
  };
}

/** Whether a period can last longer than another, each by its longest case. */
export function isLonger(period: Period, limit: Period): boolean {
  return extreme(period, Math.max) > extreme(limit, Math.max);
}

/** Lengths already measured: a policy says the same few periods many times. */
const MEASURED = new Map<string, number>();
const MOST_MEASURED = 1_000;

/** Milliseconds of the longest or the shortest case. */
function extreme(period: Period, pick: typeof Math.max): number {
  const key = `${pick.name} ${period.months} ${period.days} ${period.seconds}`;
  const known = MEASURED.get(key);
  if (known !== undefined) return known;
  if (MEASURED.size >= MOST_MEASURED) MEASURED.clear();
  const measured = measure(period, pick);
  MEASURED.set(key, measured);
  return measured;
}

function measure(period: Period, pick: typeof Math.max): number {
  let picked: number | undefined;
  // Leap years come every fourth year from 2000 to 2096, so these four years hold every case of that time.
  for (let start = Date.UTC(2000, 0, 1); start < Date.UTC(2004, 0, 1); start += DAY) {
    const length = addPeriod(instantOf(start), period) - start;
    picked = picked === undefined ? length : pick(picked, length);
  }
  return picked ?? 0;
}

function addMonths(from: Instant, months: number): number {
  const date = new Date(from);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() + months;
  const day = date.getUTCDate();
  // Every month has 28 days: only a later one can be missing.
  const isMissing = day > 28 && day > new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const start = isMissing ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, day);
  return start + (from % DAY);
}
