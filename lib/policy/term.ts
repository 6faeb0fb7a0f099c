/** What one rule wants for one version: the arithmetic of its term. */
import { type HoldDuration } from '../lock/duration.ts';
import { ceilToDay, ceilToSecond, formatInstant, type Instant, parseDayOrInstant } from '../lock/instant.ts';
import { activeRetention, type Mode } from '../lock/state.ts';
import { type Rule, type Settings } from './compile.ts';
import { type Tags, type VersionFacts } from './facts.ts';
import { addPeriod, type CalendarUnit, endOf, type Period, parsePeriod } from './period.ts';

export type ReportCode = 'tag-missing' | 'tag-unreadable' | 'tag-over-cap' | 'tag-under-minimum' | 'over-cap';

/** Something the owner of a rule must hear of, although the version got an answer. */
export interface Report {
  readonly rule: string;
  readonly code: ReportCode;
  readonly detail: string;
}

/** What a rule wants for a version. */
export type TermAnswer =
  | {
      readonly kind: 'retention';
      readonly rule: Rule;
      readonly mode: Mode;
      readonly until: Instant;
      readonly report?: Report;
    }
  | { readonly kind: 'hold'; readonly rule: Rule; readonly report?: Report }
  | {
      readonly kind: 'event-hold';
      readonly rule: Rule;
      readonly mode: Mode;
      readonly event: string;
      readonly duration: HoldDuration;
      readonly report?: undefined;
    }
  | { readonly kind: 'needs-tags' };

/** A sink for the arithmetic in words; deciding in bulk passes none. */
export type Notes = (line: string) => void;

/**
 * Computes what a matching rule wants for a version.
 *
 * @param now - rolling locks count from it, and expired locks are none.
 */
export function termOf(
  rule: Rule,
  version: VersionFacts,
  now: Instant,
  settings: Settings,
  notes?: Notes,
): TermAnswer {
  const { term, mode } = rule;
  const finish = (start: Instant, period: Period, report?: Report): TermAnswer => {
    const until = dateAfter(start, period, rule, settings, notes);
    return report === undefined
      ? { kind: 'retention', rule, mode, until }
      : { kind: 'retention', rule, mode, until, report };
  };
  switch (term.form) {
    case 'until':
      notes?.(`until the end of the day: ${formatInstant(term.until)}`);
      return { kind: 'retention', rule, mode, until: term.until };
    case 'fixed':
      return finish(startOf(version, term.base, notes), term.period);
    case 'tag': {
      if (version.tags === 'unknown') return { kind: 'needs-tags' };
      const start = startOf(version, term.base, notes);
      const asked = periodOfTag(rule.name, term, { ...version, tags: version.tags }, start, settings);
      notes?.(asked.report?.detail ?? `tag ${term.tag} asks for ${asked.period.text}`);
      return finish(start, asked.period, asked.report);
    }
    case 'since-tag':
      if (version.tags === 'unknown') return { kind: 'needs-tags' };
      return sinceTag(rule, term, version.tags, finish, notes);
    case 'event':
      notes?.(`held until the event ${term.event}`);
      return { kind: 'event-hold', rule, mode, event: term.event, duration: term.duration };
    case 'remaining':
      return remaining(rule, term, version, now, settings, finish, notes);
  }
}

type Finish = (start: Instant, period: Period, report?: Report) => TermAnswer;

function sinceTag(
  rule: Rule,
  term: { readonly tag: string; readonly period: Period },
  tags: Tags,
  finish: Finish,
  notes?: Notes,
): TermAnswer {
  const value = tags.get(term.tag);
  if (value === undefined) {
    notes?.(`no tag ${term.tag} yet: a legal hold until it comes`);
    return { kind: 'hold', rule };
  }
  try {
    const start = parseDayOrInstant(value);
    notes?.(`tag ${term.tag} is ${value}: counted from ${formatInstant(start)}`);
    return finish(start, term.period);
  } catch {
    const detail = `tag ${term.tag} is ${quote(value)}, which is no date to count from: a legal hold instead`;
    notes?.(detail);
    return { kind: 'hold', rule, report: { rule: rule.name, code: 'tag-unreadable', detail } };
  }
}

/** A rolling lock asks for a new date only when the stored one would not last until the next pass has ended. */
function remaining(
  rule: Rule,
  term: { readonly atLeast: Period; readonly extendTo: Period },
  version: VersionFacts,
  now: Instant,
  settings: Settings,
  finish: Finish,
  notes?: Notes,
): TermAnswer {
  const { retention } = version.lock;
  const stored = activeRetention(retention, now);
  let floor = addPeriod(addPeriod(now, term.atLeast), rule.buffer);
  for (const part of settings.horizon) floor = addPeriod(floor, part);
  if (stored.state === 'locked' && stored.until >= floor) {
    notes?.(
      `stored until ${formatInstant(stored.until)}: enough until the next pass has ended (${formatInstant(floor)})`,
    );
    // What is stored does it; a lock that somebody made longer than we ever would is not our wish.
    const most = dateAfter(now, term.extendTo, rule, settings);
    return { kind: 'retention', rule, mode: rule.mode, until: stored.until < most ? stored.until : most };
  }
  notes?.(
    `less than ${term.atLeast.text} would be left before the next pass has ended (${formatInstant(floor)})`,
  );
  return finish(now, term.extendTo);
}

function startOf(version: VersionFacts, base: 'created' | CalendarUnit, notes?: Notes): Instant {
  notes?.(`created ${formatInstant(version.created)}`);
  if (base === 'created') return version.created;
  const start = endOf(version.created, base);
  notes?.(`end of its ${base} ${formatInstant(start)}`);
  return start;
}

/** The date of a rule whose period begins at `start`. */
export function dateAfter(
  start: Instant,
  period: Period,
  rule: Rule,
  settings: Settings,
  notes?: Notes,
): Instant {
  let until = addPeriod(start, period);
  notes?.(`+ ${period.text} = ${formatInstant(until)}`);
  if (!isNothing(rule.buffer)) {
    until = addPeriod(until, rule.buffer);
    notes?.(`+ buffer ${rule.buffer.text} = ${formatInstant(until)}`);
  }
  const rounded = settings.roundUp === 'day' ? ceilToDay(until) : ceilToSecond(until);
  if (rounded !== until) notes?.(`rounded up to a ${settings.roundUp} = ${formatInstant(rounded)}`);
  return rounded;
}

function periodOfTag(
  rule: string,
  term: { readonly tag: string; readonly atMost: Period; readonly otherwise: Period },
  { tags, created }: { readonly tags: Tags; readonly created: Instant },
  start: Instant,
  settings: Settings,
): { period: Period; report?: Report } {
  const value = tags.get(term.tag);
  const refuse = (code: ReportCode, why: string): { period: Period; report: Report } => ({
    period: term.otherwise,
    report: { rule, code, detail: `tag ${term.tag} ${why}: ${term.otherwise.text} instead` },
  });
  if (value === undefined) return refuse('tag-missing', 'is missing');
  let period: Period;
  let asked: Instant;
  try {
    period = parsePeriod(value);
    asked = addPeriod(start, period);
  } catch {
    return refuse('tag-unreadable', `is ${quote(value)}, which is no period`);
  }
  if (asked > addPeriod(start, term.atMost)) {
    return refuse('tag-over-cap', `asks for ${value}, more than ${term.atMost.text}`);
  }
  if (asked > addPeriod(created, settings.maximum)) {
    return refuse('tag-over-cap', `asks for ${value}, which ends after the maximum ${settings.maximum.text}`);
  }
  if (asked < addPeriod(start, settings.minimum)) {
    return refuse('tag-under-minimum', `asks for ${value}, less than ${settings.minimum.text}`);
  }
  return { period };
}

function isNothing(period: Period): boolean {
  return period.months === 0 && period.days === 0 && period.seconds === 0;
}

/** Tag values come from uploaders: quoted, so that nothing in them can pass for our own words. */
function quote(value: string): string {
  return JSON.stringify(value);
}
