/** Why a version gets the lock it gets, as data: every rule, the condition that failed, the arithmetic. */
import { change, type Change } from '../lock/change.ts';
import { type Instant } from '../lock/instant.ts';
import { type Policy } from './compile.ts';
import { decide, type Decision } from './decide.ts';
import { type CostlyFact, type VersionFacts } from './facts.ts';
import { testAll } from './match.ts';
import { termOf } from './term.ts';

export type RuleExplanation =
  | {
      readonly rule: string;
      readonly verdict: 'matched';
      readonly enforce: 'apply' | 'observe';
      readonly arithmetic: readonly string[];
    }
  | { readonly rule: string; readonly verdict: 'not-matched'; readonly failed: string; readonly seen: string }
  | { readonly rule: string; readonly verdict: 'undecided'; readonly missing: CostlyFact };

export interface Explanation {
  readonly rules: readonly RuleExplanation[];
  readonly decision: Decision;
  /** What the law makes of each wish over the stored lock. */
  readonly changes: readonly Change[];
}

/** Explains the decision of {@link decide} for one version; the decision itself is the same one. */
export function explain(policy: Policy, version: VersionFacts, now: Instant): Explanation {
  const decision = decide(policy, version, now);
  return {
    rules: policy.rules.map((rule): RuleExplanation => {
      const failed = rule.conditions.find((condition) => condition.test(version) === 'no');
      if (failed !== undefined) {
        return { rule: rule.name, verdict: 'not-matched', failed: failed.text, seen: failed.seen(version) };
      }
      const verdict = testAll(rule.conditions, version);
      const arithmetic: string[] = [];
      const answer =
        verdict === 'yes'
          ? termOf(rule, version, now, policy.settings, (line) => arithmetic.push(line))
          : undefined;
      if (answer === undefined || answer.kind === 'needs-tags') {
        return {
          rule: rule.name,
          verdict: 'undecided',
          missing: verdict === 'yes' || verdict === 'no' ? 'tags' : verdict,
        };
      }
      return { rule: rule.name, verdict: 'matched', enforce: rule.enforce, arithmetic };
    }),
    decision,
    changes: decision.wishes.map((wish) => change(version.lock, wish, now)),
  };
}
