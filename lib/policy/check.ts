/** What a well-formed policy may still get wrong: rules that contradict the settings, or will surprise. */
import { instantOf } from '../lock/instant.ts';
import { addPeriod, isLonger, type Period, parsePeriod } from './period.ts';
import { type PolicyFile, type RuleFile, type SettingsFile } from './schema.ts';
import { STORE_MAXIMUM } from './compile.ts';

export interface Remark {
  readonly severity: 'error' | 'warning';
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Say = (severity: Remark['severity'], path: readonly PropertyKey[], message: string) => void;

const LONGEST_SETTLE = parsePeriod('PT15M');

/**
 * Checks a policy file whose shape is right.
 *
 * @param deploymentMaximum - the deployment's cap, as a period.
 */
export function checkPolicy(file: PolicyFile, deploymentMaximum: string): Remark[] {
  const remarks: Remark[] = [];
  const say: Say = (severity, path, message) => remarks.push({ severity, path, message });
  const limits = checkSettings(file.settings ?? {}, deploymentMaximum, say);
  const places = new Map<string, number>();
  file.rules.forEach((rule, at) => {
    const first = places.get(rule.name);
    if (first !== undefined)
      say('error', ['rules', at, 'name'], `rule ${first + 1} is already called "${rule.name}"`);
    places.set(rule.name, first ?? at);
    checkRule(rule, ['rules', at], limits, say);
  });
  return remarks;
}

interface Limits {
  readonly maximum: Period;
  readonly minimum: Period | undefined;
  readonly horizon: readonly Period[];
}

function checkSettings(settings: SettingsFile, deploymentMaximum: string, say: Say): Limits {
  const cap = parsePeriod(deploymentMaximum);
  const maximum = parsePeriod(settings.maximum ?? deploymentMaximum);
  const minimum = settings.minimum === undefined ? undefined : parsePeriod(settings.minimum);
  if (isLonger(maximum, cap)) {
    say(
      'error',
      ['settings', 'maximum'],
      `${maximum.text} is over the deployment's cap of ${cap.text}: a policy may only lower it`,
    );
  }
  if (minimum !== undefined && isLonger(minimum, maximum)) {
    say(
      'error',
      ['settings', 'minimum'],
      `the minimum ${minimum.text} is longer than the maximum ${maximum.text}`,
    );
  }
  const { every = 'P7D', listingAge = 'P2D', runTime = 'P1D' } = settings.passes ?? {};
  return { maximum, minimum, horizon: [every, listingAge, runTime].map(parsePeriod) };
}

function checkRule(rule: RuleFile, path: readonly PropertyKey[], limits: Limits, say: Say): void {
  for (const { at, text } of writtenPeriods(rule)) {
    const period = parsePeriod(text);
    if (isLonger(period, limits.maximum)) {
      say('error', [...path, 'lock', ...at], `${text} is longer than the maximum ${limits.maximum.text}`);
    }
    if (limits.minimum !== undefined && isLonger(limits.minimum, period)) {
      say('error', [...path, 'lock', ...at], `${text} is shorter than the minimum ${limits.minimum.text}`);
    }
  }
  checkTags(rule, path, limits, say);
  checkRemaining(rule, path, limits, say);
  if (rule.settle !== undefined && isLonger(parsePeriod(rule.settle), LONGEST_SETTLE)) {
    say('error', [...path, 'settle'], `${rule.settle} is over 15 minutes, the longest that a queue can wait`);
  }
  if (rule.lock.mode === 'COMPLIANCE' && Object.keys(rule.match ?? {}).length === 0) {
    say(
      'warning',
      path,
      `rule "${rule.name}" puts every version of every bucket under COMPLIANCE, which nobody can take back`,
    );
  }
}

function writtenPeriods({ lock }: RuleFile): { at: string[]; text: string }[] {
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

/** Tags are written by uploaders and change; a COMPLIANCE lock cannot be taken back. */
function checkTags(rule: RuleFile, path: readonly PropertyKey[], limits: Limits, say: Say): void {
  const { lock, match } = rule;
  const tagged = match?.tags !== undefined || match?.except?.some(({ tags }) => tags !== undefined) === true;
  const placesEventHold = typeof lock.from === 'object' && 'event' in lock.from;
  if (placesEventHold) {
    say('warning', [...path, 'lock', 'from'], 'event holds are decided and explained, but not placed yet');
  } else if (tagged && lock.mode === 'COMPLIANCE') {
    if (rule.settle === undefined) {
      say(
        'error',
        path,
        `rule "${rule.name}" locks under COMPLIANCE by tags: state how long tags may settle, such as settle: PT10M`,
      );
    } else {
      say(
        'warning',
        path,
        `rule "${rule.name}" locks under COMPLIANCE by tags: whoever may tag decides what nobody can take back`,
      );
    }
  }
  const length = lock.for;
  if (typeof length !== 'object') return;
  if (length.atMost === undefined && limits.maximum.text === STORE_MAXIMUM) {
    say(
      'warning',
      [...path, 'lock', 'for'],
      'an uploader may ask for 100 years: set atMost here, or settings.maximum',
    );
  }
  if (length.atMost !== undefined && isLonger(parsePeriod(length.otherwise), parsePeriod(length.atMost))) {
    say(
      'error',
      [...path, 'lock', 'for', 'otherwise'],
      `${length.otherwise} is longer than atMost ${length.atMost}`,
    );
  }
}

/** A rolling lock must outlast the time from one pass to the end of the next. */
function checkRemaining(rule: RuleFile, path: readonly PropertyKey[], limits: Limits, say: Say): void {
  const { remaining } = rule.lock;
  if (remaining === undefined) return;
  const start = instantOf(Date.UTC(2001, 0, 1));
  const until = addPeriod(start, parsePeriod(remaining.extendTo));
  const needed = limits.horizon.reduce(addPeriod, addPeriod(start, parsePeriod(remaining.atLeast)));
  if (until < needed) {
    const days = Math.ceil((needed - until) / 86_400_000);
    const parts = limits.horizon.map(({ text }) => text).join(' + ');
    say(
      'error',
      [...path, 'lock', 'remaining', 'extendTo'],
      `${remaining.extendTo} cannot keep ${remaining.atLeast} at every instant: passes take ${parts} ` +
        `(every + listingAge + runTime), so it must be ${days} day${days === 1 ? '' : 's'} longer`,
    );
  }
}
