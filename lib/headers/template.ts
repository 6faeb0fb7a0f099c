/** Dates that a backup tool computes at each upload: `{{ date.now | date.add_months 1 }}`, as Scriban has it. */
import leven from 'leven';
import { HoldfastError } from '../errors.ts';
import { DAY, type Instant, instantOf } from '../lock/instant.ts';
import { addPeriod, type Period } from '../policy/period.ts';
import { quoted, type ValueFault } from './faults.ts';

const UNITS = {
  add_years: (count: number) => ({ months: count * 12, days: 0, seconds: 0 }),
  add_months: (count: number) => ({ months: count, days: 0, seconds: 0 }),
  add_days: (count: number) => ({ months: 0, days: count, seconds: 0 }),
  add_hours: (count: number) => ({ months: 0, days: 0, seconds: count * 3_600 }),
  add_minutes: (count: number) => ({ months: 0, days: 0, seconds: count * 60 }),
  add_seconds: (count: number) => ({ months: 0, days: 0, seconds: count }),
} as const;
type Unit = keyof typeof UNITS;

const EXAMPLE = '{{ date.now | date.add_months 1 }}';
/** Scriban takes a number below zero in brackets too. */
const STEP = /^date\.(\w+)\s+\(?(-?\d{1,6})\)?$/;

export type Computed =
  | {
      readonly ok: true;
      readonly until: Instant;
      /** What a tool sends that ends at the last day of a shorter month, where that is earlier. */
      readonly sooner?: Instant;
    }
  | { readonly ok: false; readonly fault: ValueFault };

export function isTemplate(value: string): boolean {
  return value.includes('{{') || value.includes('}}');
}

/**
 * Computes what a template means at a moment: one step after the other, by the UTC calendar, as
 * {@link addPeriod} counts.
 *
 * @example
 * computeTemplate('{{ date.now | date.add_months 1 }}', now);
 */
export function computeTemplate(value: string, now: Instant): Computed {
  const [, inside] = /^\{\{([^{}]*)\}\}$/.exec(value) ?? [];
  if (inside === undefined) return unreadable(`${quoted(value)} is not one template: write it as ${EXAMPLE}`);
  const [start = '', ...steps] = inside.split('|').map((part) => part.trim());
  if (start !== 'date.now')
    return unreadable(`a template starts with date.now, not ${quoted(start)}: write it as ${EXAMPLE}`);

  let until = now;
  let sent = now;
  for (const step of steps) {
    const read = readStep(step);
    if (typeof read === 'string') return unreadable(read);
    try {
      until = addPeriod(until, read);
      sent = addInMonth(sent, read);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      return { ok: false, fault: outOfRange(step) };
    }
  }
  return { ok: true, until, ...(sent < until && { sooner: sent }) };
}

/** Writes the template that adds these periods to the moment of the upload, one after the other. */
export function templateOf(periods: readonly Period[]): string {
  const steps: { unit: Unit; count: number }[] = [];
  for (const { months, days, seconds } of periods) {
    const isYears = months % 12 === 0;
    for (const step of [
      { unit: isYears ? 'add_years' : 'add_months', count: isYears ? months / 12 : months },
      { unit: 'add_days', count: days },
      { unit: 'add_seconds', count: seconds },
    ] satisfies { unit: Unit; count: number }[]) {
      const last = steps.at(-1);
      if (step.count === 0) continue;
      // Days and seconds have one length each; months counted in one step or in two may end on other days.
      if (last?.unit === step.unit && (step.unit === 'add_days' || step.unit === 'add_seconds'))
        last.count += step.count;
      else steps.push(step);
    }
  }
  return `{{ ${['date.now', ...steps.map(({ unit, count }) => `date.${unit} ${count}`)].join(' | ')} }}`;
}

/** One step as a period, or what is wrong with it. */
function readStep(step: string): Period | string {
  const [, unit = '', count] = STEP.exec(step) ?? [];
  if (count !== undefined && isUnit(unit)) return { text: step, ...UNITS[unit](Number(count)) };
  const name = /^(?:date\.)?(\w+)/.exec(step)?.[1] ?? '';
  const meant = isUnit(name) ? name : nearestUnit(name);
  return meant === undefined
    ? `${quoted(step)} is not a step that can be checked: write date.add_days, date.add_months or date.add_years and a number`
    : `${quoted(step)} cannot be read: write date.${meant} and a whole number, as in ${EXAMPLE}`;
}

function isUnit(name: string): name is Unit {
  return Object.hasOwn(UNITS, name);
}

function nearestUnit(name: string): Unit | undefined {
  return Object.keys(UNITS)
    .filter(isUnit)
    .find((unit) => leven(unit, name.toLowerCase()) <= 3);
}

/** One period later where a day that does not exist becomes the last day of its month, as .NET counts. */
function addInMonth(from: Instant, period: Period): Instant {
  const next = addPeriod(from, period);
  // Ours is then the first day of the month after it: one day later, whatever the month.
  const isMoved = period.months !== 0 && new Date(next).getUTCDate() !== new Date(from).getUTCDate();
  return isMoved ? instantOf(next - DAY) : next;
}

function outOfRange(step: string): ValueFault {
  return step.includes('-')
    ? { code: 'date-past', message: `${quoted(step)} ends before the upload: add time, do not take it away` }
    : {
        code: 'date-too-far',
        message: `${quoted(step)} ends after the year 9999: S3 takes 100 years at most`,
      };
}

function unreadable(message: string): Computed {
  return { ok: false, fault: { code: 'template-unreadable', message } };
}
