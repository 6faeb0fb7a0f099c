/** The checks of one rule. */
import { formatInstant, parseEndOfDay } from '../lock/instant.ts';
import { STORE_MAXIMUM } from './compile.ts';
import { addPeriod, isLonger, longestDays, parsePeriod, type Period, plus, shortestDays } from './period.ts';
import { type Limits, LONGEST_BUFFER, type Say, tooLongABuffer } from './remark.ts';
import { type ConditionsFile, type RuleFile } from './schema.ts';

type Path = readonly PropertyKey[];

const LONGEST_SETTLE = parsePeriod('PT15M');
const NO_TIME = parsePeriod('P0D');

export function checkRule(rule: RuleFile, path: Path, limits: Limits, say: Say): void {
  checkPeriods(rule, [...path, 'lock'], limits, say);
  checkConditions(rule, path, say);
  checkTags(rule, path, limits, say);
  checkRemaining(rule, path, limits, say);
  if (rule.settle !== undefined && isLonger(parsePeriod(rule.settle), LONGEST_SETTLE)) {
    say('error', [...path, 'settle'], `${rule.settle} is over 15 minutes, the longest that a queue can wait`);
  }
  if (rule.lock.mode === 'COMPLIANCE' && Object.keys(rule.match ?? {}).length === 0) {
    const every = `rule "${rule.name}" puts every version of every bucket under COMPLIANCE`;
    say('warning', path, `${every}, which nobody can take back`);
  }
}

function checkPeriods({ lock }: RuleFile, path: Path, limits: Limits, say: Say): void {
  const unit = typeof lock.from === 'object' && 'endOf' in lock.from ? `1 ${lock.from.endOf}` : undefined;
  for (const { at, text } of writtenPeriods(lock)) {
    const period = parsePeriod(text);
    const reach = unit === undefined ? period : plus(period, UNITS[unit] ?? NO_TIME);
    const why = unit === undefined ? '' : ` and up to ${unit} until it starts`;
    if (isLonger(reach, limits.maximum)) {
      say('error', [...path, ...at], `${text}${why} is longer than the maximum ${limits.maximum.text}`);
    }
    if (!isLonger(period, NO_TIME))
      say('error', [...path, ...at], `${text} is no time at all: nothing would be locked`);
    if (limits.minimum !== undefined && isLonger(limits.minimum, period)) {
      say('error', [...path, ...at], `${text} is shorter than the minimum ${limits.minimum.text}`);
    }
  }
  if (lock.buffer !== undefined && isLonger(parsePeriod(lock.buffer), LONGEST_BUFFER)) {
    say('error', [...path, 'buffer'], tooLongABuffer(lock.buffer));
  }
  if (lock.until !== undefined) checkUntil(lock.until, [...path, 'until'], limits, say);
}

const UNITS: Readonly<Record<string, Period>> = {
  '1 month': parsePeriod('P1M'),
  '1 quarter': parsePeriod('P3M'),
  '1 year': parsePeriod('P1Y'),
};

function checkUntil(day: string, path: Path, { now, maximum }: Limits, say: Say): void {
  if (now === undefined) return;
  const until = parseEndOfDay(day);
  const cap = addPeriod(now, maximum);
  if (until <= now) say('warning', path, `${day} is over: nothing is locked by this rule any more`);
  if (until > cap) {
    say(
      'error',
      path,
      `${day} is beyond the maximum ${maximum.text}, which ends ${formatInstant(cap)} today`,
    );
  }
}

function writtenPeriods(lock: RuleFile['lock']): { at: string[]; text: string }[] {
  const { for: length, remaining } = lock;
  if (typeof length === 'string') return [{ at: ['for'], text: length }];
  if (length !== undefined) {
    const otherwise = { at: ['for', 'otherwise'], text: length.otherwise };
    return length.atMost === undefined
      ? [otherwise]
      : [otherwise, { at: ['for', 'atMost'], text: length.atMost }];
  }
  if (remaining === undefined) return [];
  return [
    { at: ['remaining', 'atLeast'], text: remaining.atLeast },
    { at: ['remaining', 'extendTo'], text: remaining.extendTo },
  ];
}

/** Conditions that nothing can satisfy, or that everything does. */
function checkConditions({ match }: RuleFile, path: Path, say: Say): void {
  const { except = [], ...conditions } = match ?? {};
  checkRanges(conditions, [...path, 'match'], say);
  except.forEach((block, at) => {
    if (Object.keys(block).length === 0) {
      say('error', [...path, 'match', 'except', at], 'an exception without conditions leaves everything out');
    }
    checkRanges(block, [...path, 'match', 'except', at], say);
  });
}

function checkRanges({ size, created }: ConditionsFile, path: Path, say: Say): void {
  if (size?.atLeast !== undefined && size.atMost !== undefined && size.atLeast > size.atMost) {
    say('error', [...path, 'size'], `no size is at least ${size.atLeast} and at most ${size.atMost}`);
  }
  if (created?.from !== undefined && created.to !== undefined && created.from > created.to) {
    say(
      'error',
      [...path, 'created'],
      `no day is from ${created.from} on and before the end of ${created.to}`,
    );
  }
}

/** Tags are written by uploaders and change; a COMPLIANCE lock cannot be taken back. */
function checkTags(rule: RuleFile, path: Path, limits: Limits, say: Say): void {
  const { lock, match } = rule;
  const matchesTags =
    match?.tags !== undefined || match?.except?.some(({ tags }) => tags !== undefined) === true;
  const countsByTags = typeof lock.for === 'object' || (typeof lock.from === 'object' && 'tag' in lock.from);
  const byTags = `rule "${rule.name}" locks under COMPLIANCE by tags`;
  if (typeof lock.from === 'object' && 'event' in lock.from) {
    say(
      'warning',
      [...path, 'lock', 'from'],
      'such versions are held from their upload on: bulk plans place no event holds on older ones',
    );
  } else if (lock.mode === 'COMPLIANCE' && matchesTags && rule.settle === undefined) {
    say('error', path, `${byTags}: state how long tags may settle, such as settle: PT10M`);
  } else if (lock.mode === 'COMPLIANCE' && (matchesTags || countsByTags)) {
    say('warning', path, `${byTags}: whoever may tag decides what nobody can take back`);
  }
  const length = lock.for;
  if (typeof length !== 'object') return;
  const at = [...path, 'lock', 'for'];
  if (length.atMost === undefined && limits.maximum.text === STORE_MAXIMUM) {
    say('warning', at, 'an uploader may ask for 100 years: set atMost here, or settings.maximum');
  }
  if (length.atMost !== undefined && isLonger(parsePeriod(length.otherwise), parsePeriod(length.atMost))) {
    say('error', [...at, 'otherwise'], `${length.otherwise} is longer than atMost ${length.atMost}`);
  }
}

/** A rolling lock must outlast the time from one pass to the end of the next, in the shortest months there are. */
function checkRemaining(rule: RuleFile, path: Path, { horizon }: Limits, say: Say): void {
  const { remaining } = rule.lock;
  if (remaining === undefined) return;
  const needed = longestDays(horizon.reduce(plus, parsePeriod(remaining.atLeast)));
  const missing = needed - shortestDays(parsePeriod(remaining.extendTo));
  if (missing <= 0) return;
  const passes = horizon.map(({ text }) => text).join(' + ');
  say(
    'error',
    [...path, 'lock', 'remaining', 'extendTo'],
    `${remaining.extendTo} cannot keep ${remaining.atLeast} at every instant: passes take ${passes} ` +
      `(every + listingAge + runTime), so it must be ${missing} day${missing === 1 ? '' : 's'} longer`,
  );
}
