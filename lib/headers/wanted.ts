/** The headers by which an upload is born locked as the rules want. */
import leven from 'leven';
import { HoldfastError } from '../errors.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type Policy, type Rule, STORE_MAXIMUM } from '../policy/compile.ts';
import { type Decision } from '../policy/decide.ts';
import { explain, type RuleExplanation } from '../policy/explain.ts';
import { FACTS, type VersionFacts } from '../policy/facts.ts';
import { indexRules } from '../policy/index-rules.ts';
import { isBeyondStores } from './date.ts';
import { quoted } from './faults.ts';
import { HOLD, type LockHeader, MODE, UNTIL } from './names.ts';
import { AGES, CANNOT_BE_TAKEN_BACK, NEEDS_CHECKSUM } from './notes.ts';
import { templateOfRule } from './rule-template.ts';

export interface WantedHeaders {
  /** The rule whose date decides, or that wants the hold where no date is wanted. */
  readonly rule: string;
  readonly headers: Readonly<Partial<Record<LockHeader, string>>>;
  /** The value of the date for a tool that computes it at each upload, where the rule can be said so. */
  readonly template: string | undefined;
  readonly notes: readonly string[];
}

/**
 * The headers that an upload must carry to be locked from its first moment on, as the rules want.
 *
 * @param version - the object as it will be uploaded: created now, under no lock yet.
 * @param ruleName - what this rule alone wants; left out, what all rules want together.
 * @throws HoldfastError `bad-input` when no header can say it: no rule covers the object, its term is over,
 *   it waits for an event, or a fact is missing.
 */
export function headersWanted(
  policy: Policy,
  version: VersionFacts,
  now: Instant,
  ruleName?: string,
): WantedHeaders {
  const asked = ruleName === undefined ? undefined : ruleNamed(policy, ruleName);
  const { decision, rules } = explain(asked === undefined ? policy : onlyThis(policy, asked), version, now);
  const { wishes, decidedBy } = decision;
  const wish = wishes.find(({ kind }) => kind === 'retention');
  if (decision.undecided.length > 0 || decidedBy === undefined)
    throw noHeader(decision, rules, asked, version);
  if (wish?.kind === 'retention' && wish.until <= now) {
    const what = `the term of rule ${decidedBy} ended at ${formatInstant(wish.until)}, so nothing is locked by it any more`;
    throw badInput(what, 'change its date, or upload without lock headers');
  }
  if (wish?.kind === 'retention' && isBeyondStores(wish.until, now)) {
    const what = `rule ${decidedBy} asks for ${formatInstant(wish.until)}, and no store locks for longer than ${STORE_MAXIMUM}`;
    throw badInput(what, 'shorten the period of the rule or its buffer');
  }

  const headers: Partial<Record<LockHeader, string>> = {};
  if (wish?.kind === 'retention') {
    headers[MODE] = wish.mode;
    headers[UNTIL] = formatInstant(wish.until);
  }
  if (wishes.some(({ kind }) => kind === 'hold')) headers[HOLD] = 'ON';

  const decider = policy.rules.find(({ name }) => name === decidedBy);
  const template =
    wish === undefined || decider === undefined ? undefined : templateOfRule(decider, policy.settings);
  return {
    rule: decidedBy,
    headers,
    template: template?.kind === 'template' ? template.value : undefined,
    notes: [
      NEEDS_CHECKSUM,
      ...(headers[MODE] === 'COMPLIANCE' ? [CANNOT_BE_TAKEN_BACK] : []),
      ...(template === undefined ? [] : template.kind === 'same-for-all' ? [] : [AGES]),
      ...(template?.notes ?? []),
      ...decisionNotes(decision, policy, asked),
    ],
  };
}

/** The policy as if it had this rule alone; a rule under observation is asked what it would want. */
function onlyThis(policy: Policy, asked: Rule): Policy {
  const rules: Rule[] = [{ ...asked, order: 0, enforce: 'apply' }];
  return { ...policy, rules, index: indexRules(rules) };
}

function ruleNamed(policy: Policy, name: string): Rule {
  const rule = policy.rules.find((known) => known.name === name);
  if (rule !== undefined) return rule;
  const near = policy.rules.find((known) => leven(known.name, name) <= Math.max(2, name.length / 3));
  throw badInput(
    `the policy has no rule ${quoted(name)}`,
    near === undefined ? 'give the name of a rule, or leave --rule out' : `did you mean ${near.name}?`,
  );
}

/** Why there is nothing to send. */
function noHeader(
  { undecided, eventHold, reports, matched }: Decision,
  rules: readonly RuleExplanation[],
  asked: Rule | undefined,
  { bucket, key }: VersionFacts,
): HoldfastError {
  const [open] = undecided;
  if (open !== undefined) {
    const { name } = FACTS[open.fact];
    return badInput(`rule ${open.rule} cannot be decided without knowing ${name}`, `give --${open.fact}`);
  }
  if (eventHold !== undefined) {
    const { rule, event } = eventHold;
    const what = `rule ${rule} holds until the event ${quoted(event)}, and such a hold cannot be placed by headers yet`;
    return badInput(what, 'upload without lock headers, or let another rule lock until then');
  }
  const [report] = reports;
  if (report !== undefined)
    return badInput(`rule ${report.rule}: ${report.detail}`, 'change the rule or the tag');
  const object = `s3://${bucket}/${key}`;
  if (asked !== undefined) {
    const [rule] = rules;
    const why = rule?.verdict === 'not-matched' ? `: ${rule.failed} is wanted, and ${rule.seen}` : '';
    const what = `rule ${asked.name} does not cover ${quoted(object)}${why}`;
    return badInput(what, 'check --bucket, --key and --tags, or leave --rule out');
  }
  if (matched.length > 0) {
    const what = `only rules under observation cover ${quoted(object)}: ${matched.join(', ')}`;
    return badInput(what, 'name one with --rule to see what it would want');
  }
  return badInput(`no rule covers ${quoted(object)}`, 'check --bucket, --key and --tags');
}

/** What the owner of the rules should hear although there is an answer. */
function decisionNotes(decision: Decision, policy: Policy, asked: Rule | undefined): string[] {
  const notes = decision.reports.map(({ rule, detail }) => `rule ${rule}: ${detail}`);
  for (const { rule, event } of decision.eventHolds ?? [])
    notes.push(`rule ${rule}: held until the event ${quoted(event)}, which these headers do not say`);
  for (const { rule, mode, until } of decision.residuals) {
    const decider = decision.decidedBy ?? '';
    notes.push(
      `rule ${rule ?? ''} wants ${mode} until ${formatInstant(until)}; headers say one lock, and the stricter rule ${decider} decides`,
    );
  }
  if (decision.matched.length > 1 && decision.decidedBy !== undefined)
    notes.push(`several rules cover it (${decision.matched.join(', ')}): at another time another may decide`);
  if (asked?.enforce === 'observe')
    notes.push(`rule ${asked.name} is under observation: Holdfast itself would lock nothing yet`);
  const settle = policy.rules.find(
    ({ name, settle: wait }) => wait !== undefined && decision.matched.includes(name),
  );
  if (settle !== undefined)
    notes.push(`rule ${settle.name} waits for tags to settle; headers lock at once, by the tags given here`);
  return notes;
}

function badInput(what: string, next: string): HoldfastError {
  return new HoldfastError('bad-input', { what, next });
}
