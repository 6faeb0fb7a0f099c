/** Reads the name of a bucket and the default rule that was typed for it. */
import { HoldfastError } from '../lib/errors.ts';
import { parsePeriod } from '../lib/policy/period.ts';
import { type Provider } from '../lib/providers/record.ts';
import { type DefaultRule, ruleText } from '../lib/lock/default-rule.ts';
import { DAY, formatInstant, type Instant } from '../lib/lock/instant.ts';

export interface RuleOptions {
  readonly mode?: string;
  readonly days?: string;
  readonly years?: string;
  readonly protect?: string;
  readonly buffer?: string;
}

interface Most {
  readonly days: number;
  readonly years: number;
}

/** The name of a general purpose bucket. */
export function bucketOption(name: string): string {
  if (name.endsWith('--x-s3'))
    throw bad(`${name} is a directory bucket, which has no Object Lock`, 'name a general purpose bucket');
  if (/^arn:[\w-]+:s3-outposts:/.test(name))
    throw bad(`${name} is on Outposts, which has no Object Lock`, 'name a bucket in a Region');
  if (/^arn:[\w-]+:s3:[\w-]+:\d+:accesspoint[/:]/.test(name))
    throw bad(`${name} is an access point, which has no settings of its own`, 'name the bucket behind it');
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return name;
  throw bad(
    `${JSON.stringify(name)} is not the name of a bucket`,
    'write 3 to 63 lower-case letters, digits, dots or hyphens',
  );
}

/**
 * The default rule that was typed; `undefined` where none was.
 *
 * @param provider - what the store takes at the most, and the last date that it keeps right.
 */
export function ruleOption(
  options: RuleOptions,
  { name, maximum, lastDate }: Pick<Provider, 'name' | 'maximum' | 'lastDate'>,
  now: Instant,
): DefaultRule | undefined {
  const rule = ruleIn(options, mostOf(maximum));
  // A year of a default may be a leap year.
  const end = rule === undefined ? now : now + (rule.unit === 'days' ? rule.length : rule.length * 366) * DAY;
  if (rule === undefined || lastDate === undefined || end <= lastDate) return rule;
  throw bad(
    `${ruleText(rule)} would end later than any date that the store (${name}) keeps as written`,
    `name a default that ends before ${formatInstant(lastDate)}`,
  );
}

function ruleIn(options: RuleOptions, most: Most): DefaultRule | undefined {
  const { mode, days, years, protect, buffer } = options;
  const lengths = [days, years, protect].filter((length) => length !== undefined);
  if (mode === undefined) {
    if (lengths.length === 0 && buffer === undefined) return undefined;
    throw bad('a default rule needs a mode', 'give --mode GOVERNANCE or --mode COMPLIANCE');
  }
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
    throw bad(`${JSON.stringify(mode)} is not a mode`, 'write GOVERNANCE or COMPLIANCE, in capitals');
  }
  if (lengths.length !== 1)
    throw bad(
      'a default rule lasts so many days or so many years',
      'give one of --days, --years or --protect',
    );
  if (buffer !== undefined && protect === undefined)
    throw bad('--buffer adds to --protect', 'give --protect, or add the buffer to --days yourself');
  if (years !== undefined) return { mode, unit: 'years', length: whole('--years', years, most.years) };
  const length =
    days === undefined
      ? whole('--protect', protect ?? '', most.days) +
        (buffer === undefined ? 0 : whole('--buffer', buffer, most.days))
      : whole('--days', days, most.days);
  if (length > most.days)
    throw bad(`${length} days are longer than the store locks anything`, `stay below ${most.days} days`);
  return { mode, unit: 'days', length };
}

/** As S3 limits its own defaults: 100 years, or 36,500 days. */
function mostOf(maximum: string): Most {
  const period = parsePeriod(maximum);
  const days = Math.floor((period.months * 365) / 12) + period.days;
  return { years: Math.floor(days / 365), days };
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= 1 && value <= most) return value;
  throw bad(`${option} cannot be ${JSON.stringify(text)}`, `give a whole number from 1 to ${most}`);
}

function bad(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
}
