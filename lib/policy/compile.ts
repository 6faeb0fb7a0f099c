/** A policy file turned into what deciding needs: periods parsed, conditions compiled, rules indexed. */
import { type HoldDuration } from '../lock/duration.ts';
import { DAY, type Instant, parseEndOfDay } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';
import { type RuleIndex, indexRules, openPart } from './index-rules.ts';
import { type Condition, compileMatch } from './match.ts';
import { addPeriod, type CalendarUnit, type Period, longestDays, parsePeriod } from './period.ts';
import { type PolicyFile, type RuleFile } from './schema.ts';

/** S3 refuses to lock anything for longer than this. */
export const STORE_MAXIMUM = 'P100Y';

export interface Settings {
  readonly maximum: Period;
  /** The least that a tag may ask for; written periods are checked by `validate`. */
  readonly minimum: Period;
  readonly buffer: Period;
  readonly roundUp: 'second' | 'day';
  readonly onConflict: 'strongest' | 'combine';
  readonly unmatched: 'report' | 'error';
  /** The longest time from one pass to the end of the next: what a rolling lock must outlast. */
  readonly horizon: readonly Period[];
}

export type Term =
  | { readonly form: 'fixed'; readonly period: Period; readonly base: 'created' | CalendarUnit }
  | {
      readonly form: 'tag';
      readonly tag: string;
      readonly atMost: Period;
      readonly otherwise: Period;
      readonly base: 'created' | CalendarUnit;
    }
  | { readonly form: 'since-tag'; readonly tag: string; readonly period: Period }
  | {
      readonly form: 'event';
      readonly event: string;
      readonly period: Period;
      /** The period and the buffer, as S3 takes them. */
      readonly duration: HoldDuration;
    }
  | { readonly form: 'until'; readonly until: Instant }
  | { readonly form: 'remaining'; readonly atLeast: Period; readonly extendTo: Period };

export interface Rule {
  /** Its place in the file: reports name rules in this order. */
  readonly order: number;
  readonly name: string;
  readonly enforce: 'apply' | 'observe';
  readonly mode: Mode;
  readonly term: Term;
  readonly buffer: Period;
  readonly settle: Period | undefined;
  readonly match: NonNullable<RuleFile['match']>;
  readonly conditions: readonly Condition[];
  /** Those of the conditions that are not known to hold once the index has found the rule. */
  readonly open: readonly Condition[];
  /** Law 5: the last moment that the rule may lock a version to, from the later of its creation and now. */
  readonly capAfter: (start: Instant) => Instant;
}

export interface Policy {
  /** SHA-256 of the file, hex: every record names the policy it followed. */
  readonly hash: string;
  readonly settings: Settings;
  readonly rules: readonly Rule[];
  readonly index: RuleIndex<Rule>;
}

const NO_TIME = parsePeriod('P0D');
/** A tag may not ask for less, unless the policy says so: an uploader could ask for no lock at all. */
const A_DAY = parsePeriod('P1D');

const CURRENT: Condition = {
  text: 'versions: current',
  test: ({ current }) => (current === 'unknown' ? 'current' : current ? 'yes' : 'no'),
  seen: () => 'it is not the current version of its key',
};

/** What the deployment adds to a policy file. */
interface Deployment {
  readonly hash: string;
  readonly maximum: string;
  readonly enforce: 'apply' | 'observe';
}

/** Compiles a valid policy file; the file is trusted to have passed its checks. */
export function compilePolicy(file: PolicyFile, { hash, maximum, enforce }: Deployment): Policy {
  const settings = compileSettings(file, maximum);
  const rules = file.rules.map((rule, order) => compileRule({ enforce, ...rule }, order, settings));
  return { hash, settings, rules, index: indexRules(rules) };
}

function compileSettings(file: PolicyFile, deploymentMaximum: string): Settings {
  const { maximum, minimum, buffer, roundUp, onConflict, unmatched, passes } = file.settings ?? {};
  return {
    maximum: parsePeriod(maximum ?? deploymentMaximum),
    minimum: minimum === undefined ? A_DAY : parsePeriod(minimum),
    buffer: buffer === undefined ? NO_TIME : parsePeriod(buffer),
    roundUp: roundUp ?? 'second',
    onConflict: onConflict ?? 'strongest',
    unmatched: unmatched ?? 'report',
    horizon: [passes?.every ?? 'P7D', passes?.listingAge ?? 'P2D', passes?.runTime ?? 'P1D'].map(parsePeriod),
  };
}

function compileRule(rule: RuleFile, order: number, settings: Settings): Rule {
  const match = rule.match ?? {};
  const buffer = rule.lock.buffer === undefined ? settings.buffer : parsePeriod(rule.lock.buffer);
  const current = rule.lock.versions === 'current' ? [CURRENT] : [];
  return {
    order,
    name: rule.name,
    enforce: rule.enforce ?? 'apply',
    mode: rule.lock.mode,
    term: compileTerm(rule.lock, buffer, settings),
    buffer,
    settle: rule.settle === undefined ? undefined : parsePeriod(rule.settle),
    match,
    conditions: [...compileMatch(match), ...current],
    open: [...compileMatch(openPart(match)), ...current],
    capAfter: rememberingLast((start) => {
      const end = addPeriod(addPeriod(start, settings.maximum), buffer);
      return (end + (settings.roundUp === 'day' ? DAY : 1_000)) as Instant;
    }),
  };
}

/** A bulk pass asks for millions of versions at the same moment: the same question gets the same answer. */
function rememberingLast(compute: (start: Instant) => Instant): (start: Instant) => Instant {
  let asked: Instant | undefined;
  let known: Instant | undefined;
  return (start) => {
    if (known === undefined || start !== asked) {
      asked = start;
      known = compute(start);
    }
    return known;
  };
}

function compileTerm(lock: RuleFile['lock'], buffer: Period, settings: Settings): Term {
  if (lock.until !== undefined) return { form: 'until', until: parseEndOfDay(lock.until) };
  if (lock.remaining !== undefined) {
    const { atLeast, extendTo } = lock.remaining;
    return { form: 'remaining', atLeast: parsePeriod(atLeast), extendTo: parsePeriod(extendTo) };
  }
  const { for: length = 'P0D', from = 'created' } = lock;
  if (typeof length === 'object') {
    const { tag, atMost, otherwise } = length;
    return {
      form: 'tag',
      tag,
      atMost: atMost === undefined ? settings.maximum : parsePeriod(atMost),
      otherwise: parsePeriod(otherwise),
      base: typeof from === 'object' && 'endOf' in from ? from.endOf : 'created',
    };
  }
  const period = parsePeriod(length);
  if (from === 'created') return { form: 'fixed', period, base: from };
  if ('endOf' in from) return { form: 'fixed', period, base: from.endOf };
  if ('tag' in from) return { form: 'since-tag', tag: from.tag, period };
  return { form: 'event', event: from.event, period, duration: holdDuration(period, buffer) };
}

/** Years where the period is whole years and no buffer is added, or else days by the longest case. */
function holdDuration(period: Period, buffer: Period): HoldDuration {
  const noBuffer = buffer.months === 0 && buffer.days === 0 && buffer.seconds === 0;
  return noBuffer && period.months % 12 === 0 && period.days === 0 && period.seconds === 0
    ? { years: period.months / 12 }
    : { days: longestDays(period) + longestDays(buffer) };
}
