/** Reads the dates of an inventory out of a large text, without cutting them out first. */
import { dayExists } from '../lock/instant.ts';

const ZERO = 48;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const T = 84;
const Z = 90;
/** Without its zone a date would be another moment on another machine. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The moment written from `start` to `end`, such as `2026-11-18T01:02:03.000Z`; NaN where there is none.
 * A listing of millions of rows has twice as many dates, so this reads digits and makes no strings.
 */
export function isoDate(text: string, start: number, end: number): number {
  const length = end - start;
  if ((length !== 20 && length !== 24) || text.charCodeAt(end - 1) !== Z) return slowly(text, start, end);
  const year = two(text, start) * 100 + two(text, start + 2);
  const month = two(text, start + 5);
  const day = two(text, start + 8);
  const hour = two(text, start + 11);
  const minute = two(text, start + 14);
  const second = two(text, start + 17);
  const milliseconds = length === 24 ? digit(text, start + 20) * 100 + two(text, start + 21) : 0;
  const isShaped =
    text.charCodeAt(start + 4) === DASH &&
    text.charCodeAt(start + 7) === DASH &&
    text.charCodeAt(start + 10) === T &&
    text.charCodeAt(start + 13) === COLON &&
    text.charCodeAt(start + 16) === COLON &&
    (length === 20 || text.charCodeAt(start + 19) === DOT) &&
    year >= 1970 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= (month === 2 ? 28 : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  // The 29th of February is left to those who know the year.
  if (!isShaped) return slowly(text, start, end);
  const seconds = hour * 3_600 + minute * 60 + second;
  return (daysSince1970(year, month, day) * 86_400 + seconds) * 1_000 + milliseconds;
}

function slowly(text: string, start: number, end: number): number {
  const cut = text.slice(start, end);
  const moment = DATE_TIME.test(cut) && dayExists(cut.slice(0, 10)) ? Date.parse(cut) : Number.NaN;
  return moment >= 0 ? moment : Number.NaN;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function two(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

/** Days from 1970-01-01, by years that begin in March, so that the leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const isEarly = month <= 2;
  const fromMarch = isEarly ? year - 1 : year;
  const century = Math.floor(fromMarch / 100);
  const monthFromMarch = isEarly ? month + 9 : month - 3;
  const leapDays = Math.floor(fromMarch / 4) - century + Math.floor(century / 4);
  return fromMarch * 365 + leapDays + Math.floor((153 * monthFromMarch + 2) / 5) + day - 719_469;
}
