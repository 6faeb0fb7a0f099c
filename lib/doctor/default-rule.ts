/** The default rule of a bucket: the birth lock of every upload, and whether it stands in the way of the rules. */
import { change, type RetentionWish } from '../lock/change.ts';
import { daysOf, type DefaultRule, lengthText, ruleText } from '../lock/default-rule.ts';
import { ceilToSecond, DAY, formatInstant, type Instant, instantOf } from '../lock/instant.ts';
import { type LockState, type Mode } from '../lock/state.ts';
import { type Rule } from '../policy/compile.ts';
import { type Tags, type VersionFacts } from '../policy/facts.ts';
import { termOf } from '../policy/term.ts';
import { type LockSetting, type Seen } from '../ports/bucket-survey.ts';
import { type Check } from '../probe/check.ts';
import { changing, type Patient, rulesFor } from './patient.ts';
import { bad, good, skipped, unseen, warn } from './row.ts';

export function defaultRuleChecks(answer: Seen<LockSetting>, patient: Patient): readonly Check[] {
  if (answer.kind !== 'seen') return [unseen(birthLock(patient), answer), unseen(FITS, answer)];
  const { enabled, rule } = answer.value;
  if (!enabled) return [skipped(birthLock(patient), NO_LOCK), skipped(FITS, NO_LOCK)];
  return [birthLockCheck(rule, patient), fitCheck(rule, patient)];
}

const NO_LOCK = 'the bucket has no Object Lock';
const FITS = { id: 'default-policy', expected: 'no rule is hindered by the default (law 1)' };

const birthLock = ({ tool }: Patient): { id: string; expected: string } => ({
  id: 'default-rule',
  expected:
    tool?.defaultRule.kind === 'unwanted'
      ? 'uploads are locked by the tool alone'
      : 'an upload is locked from its first moment on',
});

function birthLockCheck(rule: DefaultRule | undefined, patient: Patient): Check {
  const { bucket, tool } = patient;
  const about = birthLock(patient);
  const set = (mode: Mode, days: number): string =>
    changing(patient, `bucket default ${bucket} --mode ${mode} --days ${days}`);
  const wanted = tool?.defaultRule ?? { kind: 'free' };
  if (wanted.kind === 'unwanted') {
    if (rule === undefined) return good(about, 'none, as it should be');
    return warn(
      about,
      `${ruleText(rule)}; ${wanted.why}`,
      changing(patient, `bucket default ${bucket} --none --yes`),
    );
  }
  if (wanted.kind === 'required') {
    if (rule === undefined) return bad(about, `none; ${wanted.why}`, set('GOVERNANCE', 30));
    if (daysOf(rule) < wanted.days)
      return bad(about, `${ruleText(rule)}; ${wanted.why}`, set(rule.mode, wanted.days));
    return good(about, ruleText(rule));
  }
  if (rule !== undefined) return good(about, ruleText(rule));
  if (tool?.locks === 'the tool') return good(about, 'none; the tool brings the lock along');
  const modes = modesOf(rulesFor(patient));
  const mend = modes.length > 1 ? ONE_MODE : set(modes[0] ?? 'GOVERNANCE', 1);
  if (tool?.locks === 'nobody' && patient.policy === undefined)
    return bad(about, `none, and ${tool.name} locks nothing by itself`, set('GOVERNANCE', 30));
  return warn(about, 'none: between an upload and its event nothing protects a version', mend);
}

function fitCheck(rule: DefaultRule | undefined, patient: Patient): Check {
  if (patient.policy === undefined) return skipped(FITS, 'name your rules with --policy policy.yaml');
  const rules = rulesFor(patient);
  if (rules.length === 0) return warn(FITS, 'no rule of the policy is about this bucket');
  if (rule === undefined) return good(FITS, `no default; ${countOf(rules)}`);
  const found = rules.flatMap((each) => conflictOf(each, rule, patient));
  const isLonger = found.length === rules.length && found.every(({ kind }) => kind === 'longer');
  // Whatever asks for less is served by the default as well, as long as anybody asks for as much.
  const conflicts = isLonger && !isRequired(patient) ? found : found.filter(({ kind }) => kind !== 'longer');
  if (conflicts.length === 0) return good(FITS, countOf(rules));
  const modes = modesOf(rules);
  const mode = modes.length === 1 ? modes[0] : undefined;
  const mend =
    mode === undefined
      ? ONE_MODE
      : changing(patient, `bucket default ${patient.bucket} --mode ${mode} --days 1 --yes`);
  const text = conflicts.map(({ seen }) => seen).join('; ');
  return conflicts.some(({ kind }) => kind === 'hindered') ? bad(FITS, text, mend) : warn(FITS, text, mend);
}

const ONE_MODE = 'keep versions of different modes in different buckets, each with a default in its mode';

const isRequired = ({ tool }: Patient): boolean => tool?.defaultRule.kind === 'required';

interface Conflict {
  readonly seen: string;
  /** The rule is `hindered`, or would be if it were applied; or the default locks for `longer` than it asks. */
  readonly kind: 'hindered' | 'would-be' | 'longer';
}

/** Asks the law itself what it makes of the rule over the default, for a version that is born now. */
function conflictOf(
  rule: Rule,
  byDefault: DefaultRule,
  { bucket, now, policy }: Patient,
): readonly Conflict[] {
  if (policy === undefined) return [];
  const until = ceilToSecond(instantOf(now + daysOf(byDefault) * DAY));
  const lock: LockState = { retention: { state: 'locked', mode: byDefault.mode, until }, hold: 'none' };
  const born: VersionFacts = {
    bucket,
    key: '',
    created: now,
    size: 'unknown',
    tags: tagsFor(rule, now),
    current: true,
    lock,
  };
  const wanted = termOf(rule, born, now, policy.settings);
  // A hold needs no date, and an event rule waits for its own.
  if (wanted.kind !== 'retention') return [];
  const { onConflict } = policy.settings;
  const { mode, until: end } = wanted;
  const wish: RetentionWish = { kind: 'retention', mode, until: end, notAfter: end, onConflict };
  const length = lengthText(byDefault);
  const kind = rule.enforce === 'apply' ? 'hindered' : 'would-be';
  const name = kind === 'hindered' ? rule.name : `${rule.name} (under observation)`;
  switch (change(lock, wish, now).kind) {
    case 'mode-weaker':
      return [
        {
          kind,
          seen: `rule ${name} wants COMPLIANCE, and versions born in GOVERNANCE stay in it for as long as they are locked (mode-weaker)`,
        },
      ];
    case 'mode-stricter':
      return [
        {
          kind,
          seen: `rule ${name} wants GOVERNANCE for longer, and versions born in COMPLIANCE get no other lock: after ${length} they are free (mode-stricter)`,
        },
      ];
    case 'nothing':
      return wanted.until === until
        ? []
        : [{ kind: 'longer', seen: `the default locks for ${length}, longer than rule ${name} asks for` }];
    default:
      return [];
  }
}

/** Tags with which the rule asks for the most that it can. */
function tagsFor({ term }: Rule, now: Instant): Tags {
  if (term.form === 'tag') return new Map([[term.tag, term.atMost.text]]);
  return term.form === 'since-tag' ? new Map([[term.tag, formatInstant(now)]]) : new Map();
}

const modesOf = (rules: readonly Rule[]): readonly Mode[] => [...new Set(rules.map(({ mode }) => mode))];

const countOf = (rules: readonly Rule[]): string =>
  rules.length === 1 ? 'one rule is about this bucket' : `${rules.length} rules are about this bucket`;
