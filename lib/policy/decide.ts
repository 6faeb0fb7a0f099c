/** The one place where rules become wishes for a version's lock. */
import { DAY, type Instant } from '../lock/instant.ts';
import { type RetentionWish, type Residual, type Wish } from '../lock/change.ts';
import { type Mode } from '../lock/state.ts';
import { type HoldDuration, type Policy, type Rule } from './compile.ts';
import { type CostlyFact, type VersionFacts } from './facts.ts';
import { testAll } from './match.ts';
import { addPeriod } from './period.ts';
import { type Report, type TermAnswer, termOf } from './term.ts';

/** What the rules want together: at most one retention and one hold. */
export interface Wanted {
  readonly wishes: readonly Wish[];
  /** The rule whose date decided. */
  readonly decidedBy?: string;
  /** What a rule asks for and does not get, since a stricter mode outranks it. */
  readonly residuals: readonly Residual[];
}

/** A hold that ends when its owner reports an event; then the date is fixed. */
export interface EventHold {
  readonly rule: string;
  readonly mode: Mode;
  readonly event: string;
  readonly duration: HoldDuration;
}

export interface Decision extends Wanted {
  readonly matched: readonly string[];
  /** What would be wanted if the rules under observation applied; only where one of them matched. */
  readonly observed?: Wanted;
  readonly eventHold?: EventHold;
  readonly reports: readonly Report[];
  /** Rules that cannot be decided until a fact is read: read it, and decide again. */
  readonly undecided: readonly { readonly rule: string; readonly fact: CostlyFact }[];
  /** A matching rule asks to wait until this moment, since tags may still change. */
  readonly settleUntil?: Instant;
}

const NOTHING: Wanted = { wishes: [], residuals: [] };
const UNMATCHED: Decision = { ...NOTHING, matched: [], reports: [], undecided: [] };

interface Answered {
  readonly rule: Rule;
  readonly answer: Exclude<TermAnswer, { kind: 'needs-tags' }>;
}

/**
 * Decides which lock a version ought to carry.
 *
 * Several rules may match: the strictest mode decides first, then the latest date among the rules of that
 * mode; what stays unmet is a residual. Deciding writes nothing and reads no clock.
 *
 * @example
 * const decision = decide(policy, facts, now);
 * const changes = decision.wishes.map((wish) => change(facts.lock, wish, now));
 */
export function decide(policy: Policy, version: VersionFacts, now: Instant): Decision {
  const answered: Answered[] = [];
  const undecided: { rule: Rule; fact: CostlyFact }[] = [];
  policy.index.candidates(version.bucket, version.key, version.tags, (rule) => {
    const verdict = testAll(rule.conditions, version);
    if (verdict === 'no') return;
    const answer = verdict === 'yes' ? termOf(rule, version, now, policy.settings) : undefined;
    if (answer !== undefined && answer.kind !== 'needs-tags') answered.push({ rule, answer });
    else undecided.push({ rule, fact: verdict === 'yes' ? 'tags' : verdict });
  });
  if (answered.length === 0 && undecided.length === 0) return UNMATCHED;

  answered.sort((a, b) => a.rule.order - b.rule.order);
  undecided.sort((a, b) => a.rule.order - b.rule.order);
  const reports: Report[] = [];
  const applied = combine(
    answered.filter(({ rule }) => rule.enforce === 'apply'),
    policy,
    version,
    now,
    reports,
  );
  const observing = answered.some(({ rule }) => rule.enforce === 'observe');
  const eventHold = firstEventHold(answered);
  const settleUntil = settleEnd(answered, version);
  for (const { answer } of answered) {
    if (answer.report !== undefined) reports.push(answer.report);
  }
  return {
    ...applied,
    matched: answered.map(({ rule }) => rule.name),
    ...(observing && { observed: combine(answered, policy, version, now, []) }),
    ...(eventHold && { eventHold }),
    reports,
    undecided: undecided.map(({ rule, fact }) => ({ rule: rule.name, fact })),
    ...(settleUntil > now && { settleUntil }),
  };
}

/** Law 5: the last moment that a rule may lock a version to. */
function capOf(rule: Rule, version: VersionFacts, now: Instant, policy: Policy): Instant {
  const start = version.created > now ? version.created : now;
  const end = addPeriod(addPeriod(start, policy.settings.maximum), rule.buffer);
  return (end + (policy.settings.roundUp === 'day' ? DAY : 1_000)) as Instant;
}

interface Candidate extends RetentionWish {
  readonly rule: string;
}

function combine(
  answered: readonly Answered[],
  policy: Policy,
  version: VersionFacts,
  now: Instant,
  reports: Report[],
): Wanted {
  let hold = false;
  const candidates: Candidate[] = [];
  for (const { rule, answer } of answered) {
    if (answer.kind === 'hold') hold = true;
    if (answer.kind !== 'retention') continue;
    const notAfter = capOf(rule, version, now, policy);
    if (answer.until > notAfter) {
      // A tag may not take a lock away by asking for too much: the version stays held.
      const fromTag = rule.term.form === 'since-tag';
      hold ||= fromTag;
      const instead = fromTag ? 'a legal hold instead' : 'nothing is locked by this rule';
      const detail = `the date lies beyond the cap of ${policy.settings.maximum.text}: ${instead}`;
      reports.push({ rule: rule.name, code: 'over-cap', detail });
      continue;
    }
    const { onConflict } = policy.settings;
    candidates.push({
      kind: 'retention',
      mode: answer.mode,
      until: answer.until,
      notAfter,
      onConflict,
      rule: rule.name,
    });
  }
  const best = strongest(candidates, now);
  if (best === undefined) return hold ? { wishes: [{ kind: 'hold' }], residuals: [] } : NOTHING;

  const { rule: decidedBy, ...strictest } = best;
  const wish = policy.settings.onConflict === 'combine' ? stretched(strictest, candidates) : strictest;
  return {
    wishes: hold ? [wish, { kind: 'hold' }] : [wish],
    decidedBy,
    residuals: candidates.length === 1 ? [] : outranked(candidates, wish),
  };
}

/** The strictest mode first, then the latest date; a term that is over counts only where all are. */
function strongest(candidates: readonly Candidate[], now: Instant): Candidate | undefined {
  let best: Candidate | undefined;
  for (const next of candidates) {
    if (best === undefined || outranks(next, best, now)) best = next;
  }
  return best;
}

function outranks(next: Candidate, best: Candidate, now: Instant): boolean {
  const [lives, bestLives] = [next.until > now, best.until > now];
  if (lives !== bestLives) return lives;
  return next.mode === best.mode ? next.until > best.until : next.mode === 'COMPLIANCE';
}

/** Under `combine`, the strictest mode is kept up to the latest date that any rule asks for. */
function stretched(wish: RetentionWish, candidates: readonly Candidate[]): RetentionWish {
  const latest = candidates.reduce((most, next) => (next.until > most.until ? next : most));
  return latest.until > wish.until ? { ...wish, until: latest.until, notAfter: latest.notAfter } : wish;
}

function outranked(candidates: readonly Candidate[], wish: RetentionWish): Residual[] {
  return candidates
    .filter(({ until }) => until > wish.until)
    .map(({ mode, until, rule }) => ({ mode, from: wish.until, until, because: 'outranked', rule }));
}

function firstEventHold(answered: readonly Answered[]): EventHold | undefined {
  for (const { rule, answer } of answered) {
    if (answer.kind !== 'event-hold') continue;
    return { rule: rule.name, mode: answer.mode, event: answer.event, duration: answer.duration };
  }
  return undefined;
}

function settleEnd(answered: readonly Answered[], version: VersionFacts): Instant {
  let end = version.created;
  for (const { rule } of answered) {
    if (rule.settle === undefined || rule.enforce === 'observe') continue;
    const settled = addPeriod(version.created, rule.settle);
    if (settled > end) end = settled;
  }
  return end;
}
