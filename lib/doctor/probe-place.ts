/** Whether the probe may have a folder in somebody's bucket: nothing there may lock what it writes for long. */
import { HoldfastError } from '../errors.ts';
import { daysOf, ruleText } from '../lock/default-rule.ts';
import { UNLOCKED } from '../lock/state.ts';
import { decide } from '../policy/decide.ts';
import { type Tags } from '../policy/facts.ts';
import { type LockSetting } from '../ports/bucket-survey.ts';
import { type Patient } from './patient.ts';

const MOST_DAYS = 1;

/** What the probe tags its versions with, beside having none. */
const TAGS: readonly Tags[] = [new Map(), new Map([['probe', 'older']]), new Map([['probe', 'newer']])];

/**
 * Refuses a folder where a rule, or the default of the bucket, would lock what the probe writes.
 *
 * @param keys - all that the probe writes, with their folder.
 * @throws HoldfastError `bad-input`, or `no-lock-on-bucket` where nothing could be probed.
 */
export function requireFreePlace(keys: readonly string[], setting: LockSetting, patient: Patient): void {
  const { bucket, policy } = patient;
  if (!setting.enabled) {
    throw new HoldfastError('no-lock-on-bucket', {
      what: `the bucket ${bucket} has no Object Lock, so there is nothing to probe`,
      next: 'leave --prefix out: the probe makes a bucket of its own',
    });
  }
  if (setting.rule !== undefined && daysOf(setting.rule) > MOST_DAYS) {
    throw new HoldfastError('bad-input', {
      what: `the default of ${bucket} is ${ruleText(setting.rule)}, and would lock what the probe writes for as long`,
      next: 'leave --prefix out: the probe makes a bucket of its own',
    });
  }
  if (policy === undefined) {
    throw new HoldfastError('bad-input', {
      what: 'whether a rule covers the prefix was not said',
      next: 'name the rules that are in force with --policy',
    });
  }
  for (const key of keys) {
    const rule = ruleOver(key, patient);
    if (rule === undefined) continue;
    throw new HoldfastError('bad-input', {
      what: `the rule ${rule} covers ${key}, and would lock what the probe writes`,
      next: 'name a prefix that no rule covers, or leave --prefix out',
    });
  }
}

function ruleOver(key: string, { bucket, policy, now }: Patient): string | undefined {
  if (policy === undefined) return undefined;
  for (const tags of TAGS) {
    const facts = {
      bucket,
      key,
      created: now,
      size: 'unknown',
      tags,
      current: 'unknown',
      lock: UNLOCKED,
    } as const;
    const { matched, undecided } = decide(policy, facts, now);
    const [rule] = [...matched, ...undecided.map((each) => each.rule)];
    if (rule !== undefined) return rule;
  }
  return undefined;
}
