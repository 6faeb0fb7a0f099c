import { invalidArgument } from './errors.ts';

/** A length of time as S3 takes it: whole days, or whole years. */
export interface Term {
  readonly unit: 'Days' | 'Years';
  readonly length: number;
}

const LONGEST = { Days: 36_500, Years: 100 } as const;
const DAYS_IN_A_YEAR = 365;

/** The instant at which a term ends; years follow the calendar. */
export function endOf(term: Term, start: number): number {
  const date = new Date(start);
  if (term.unit === 'Days') date.setUTCDate(date.getUTCDate() + term.length);
  else date.setUTCFullYear(date.getUTCFullYear() + term.length);
  return date.getTime();
}

/** Whether a date is beyond the longest retention S3 grants, 100 years. */
export const isTooFar = (until: number, now: number): boolean =>
  until > endOf({ unit: 'Years', length: LONGEST.Years }, now);

/** Whether one term is longer than another. Settings have no date to count from, so a year is 365 days here. */
export const isLonger = (one: Term, other: Term): boolean => inDays(one) > inDays(other);

const inDays = ({ unit, length }: Term): number => (unit === 'Days' ? length : length * DAYS_IN_A_YEAR);

/** Reads a term; undefined for what is no whole number. Throws InvalidArgument for one that S3 does not grant. */
export function readTerm(
  unit: Term['unit'],
  text: string,
  { what, argument = unit }: { readonly what: string; readonly argument?: string },
): Term | undefined {
  if (!/^[+-]?\d{1,10}$/.test(text)) return undefined;
  const length = Number(text);
  if (length <= 0) throw invalidArgument(`${what} must be a positive integer value.`, argument, text);
  if (length > LONGEST[unit]) throw invalidArgument(`${what} too large.`, argument, text);
  return { unit, length };
}
