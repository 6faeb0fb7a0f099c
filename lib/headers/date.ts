/** The date of a header line: what S3 takes is narrower than ISO 8601. */
import { HoldfastError } from '../errors.ts';
import {
  ceilToSecond,
  dayExists,
  formatInstant,
  type Instant,
  instantOf,
  parseEndOfDay,
} from '../lock/instant.ts';
import { STORE_MAXIMUM } from '../policy/compile.ts';
import { addPeriod, parsePeriod, type Period } from '../policy/period.ts';
import { quoted, type ValueFault } from './faults.ts';
import { computeTemplate, isTemplate } from './template.ts';

export interface ReadDate {
  readonly faults: readonly ValueFault[];
  /** The moment meant, also where faults were found; left out where it cannot be told. */
  readonly until?: Instant;
  /** Set where a template was computed. */
  readonly computed?: { readonly sooner?: Instant };
}

const DATE = /^(\d{4}-\d{2}-\d{2})T(\d{2}):([0-5]\d):([0-5]\d)(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})$/;
const LONGEST = parsePeriod(STORE_MAXIMUM);

/** Whether S3 keeps no lock for that long. */
export function isBeyondStores(until: Instant, now: Instant): boolean {
  return until > addPeriod(now, LONGEST);
}

/** Reads the value of a retain-until-date header, a date or a template. */
export function readDate(value: string, now: Instant, maximum: Period | undefined): ReadDate {
  if (isTemplate(value)) {
    const computed = computeTemplate(value, now);
    if (!computed.ok) return { faults: [computed.fault] };
    const { until } = computed;
    return { faults: rangeFaults(until, now, maximum), until, computed };
  }
  const [, day = '', hour = '', minute = '', second = '', decimals = '', zone = ''] = DATE.exec(value) ?? [];
  if (!dayExists(day) || hour > '23') return { faults: [notADate(value, day)] };
  let until: Instant;
  try {
    const shift = zone === 'Z' ? 0 : minutesOf(zone) * 60_000;
    const fraction = millisecondsOf(decimals);
    until = instantOf(Date.parse(`${day}T${hour}:${minute}:${second}Z`) + fraction - shift);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { faults: [notADate(value, '')] };
  }
  const instead = `write ${formatInstant(ceilToSecond(until))}`;
  const faults: ValueFault[] = [];
  if (decimals.length > 3) {
    const message = `${quoted(value)} has ${decimals.length} decimals, and S3 keeps 3 at most: ${instead}`;
    faults.push({ code: 'date-decimals', message });
  }
  if (zone !== 'Z') {
    const message = `${quoted(value)} is written with an offset, and S3 wants UTC with a Z: ${instead}`;
    faults.push({ code: 'date-offset', message });
  }
  return { faults: [...faults, ...rangeFaults(until, now, maximum)], until };
}

function rangeFaults(until: Instant, now: Instant, maximum: Period | undefined): ValueFault[] {
  if (until <= now) {
    const message = `${formatInstant(until)} is over, it is ${formatInstant(now)} now: write a later date`;
    return [{ code: 'date-past', message }];
  }
  if (isBeyondStores(until, now)) {
    const latest = formatInstant(addPeriod(now, LONGEST));
    const message = `${formatInstant(until)} is more than 100 years away, and S3 refuses that: write ${latest} or sooner`;
    return [{ code: 'date-too-far', message }];
  }
  const latest = maximum === undefined ? undefined : addPeriod(now, maximum);
  if (maximum === undefined || latest === undefined || until <= latest) return [];
  const message = `${formatInstant(until)} is beyond the maximum of ${maximum.text}: write ${formatInstant(latest)} or sooner`;
  return [{ code: 'date-too-far', message }];
}

function notADate(value: string, day: string): ValueFault {
  const message =
    day !== '' && !dayExists(day)
      ? `the calendar has no day ${day}: write one that exists`
      : `${quoted(value)} is not a date as S3 takes it: write ${exampleFor(value)}`;
  return { code: 'date-unreadable', message };
}

/** A day alone means its end, as everywhere in Holdfast. */
function exampleFor(value: string): string {
  if (dayExists(value)) return `${formatInstant(parseEndOfDay(value))} for the end of that day`;
  return 'it as 2031-12-31T00:00:00Z';
}

/** Rounds up, as every lock date does; by digits, since 0.035 seconds times a thousand are not 35. */
function millisecondsOf(decimals: string): number {
  return Number(decimals.slice(0, 3).padEnd(3, '0')) + (/[1-9]/.test(decimals.slice(3)) ? 1 : 0);
}

function minutesOf(offset: string): number {
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))];
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
