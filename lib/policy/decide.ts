/** The one place where rules become wishes for a version's lock. */
import { type Instant } from '../lock/instant.ts';
import { type PlainWish, type RetentionWish, type Residual } from '../lock/change.ts';
import { type HoldDuration } from '../lock/duration.ts';
import { activeRetention, type Mode, type Retention } from '../lock/state.ts';
import { type Policy, type Rule } from './compile.ts';
import { type CostlyFact, type VersionFacts } from './facts.ts';
import { testAll } from './match.ts';
import { addPeriod } from './period.ts';
import { type Report, type TermAnswer, termOf } from './term.ts';

/** What the rules want together: a retention, sometimes a second one for a stored weaker mode, and a hold. */
export interface Wanted {
  readonly wishes: readonly PlainWish[];
  /** The rule whose date decided, or that wants the hold where no date is wanted. */
  readonly decidedBy?: string;
  /** What a rule asks for and does not get, since a stricter mode outranks it. */
  readonly residuals: readonly Residual[];
  /** The holds until an event, in the order of their rules; how they are placed is for the store to say. */
  readonly eventHolds?: readonly EventHold[];
}

/** A hold that ends when its owner reports an event; then the date is fixed. */
export interface EventHold {
  readonly rule: string;
  readonly mode: Mode;
  readonly event: string;
  readonly duration: HoldDuration;
}

/** A rule that waits for a fact. */
export interface Undecided {
  readonly rule: string;
  readonly fact: CostlyFact;
  readonly mode: Mode;
  readonly enforce: 'apply' | 'observe';
}

export interface Decision extends Wanted {
  readonly matched: readonly string[];
  /** What would be wanted if the rules under observation applied; only where one of them matched. */
  readonly observed?: Wanted;
  /** The first of the event holds. */
  readonly eventHold?: EventHold;
  readonly reports: readonly Report[];
  /** Rules that cannot be decided until a fact is read: read it, and decide again. */
  readonly undecided: readonly Undecided[];
  /** A matching rule asks to wait until this moment, since tags may still change. */
  readonly settleUntil?: Instant;
}

const NONE: readonly never[] = [];
const NOTHING: Wanted = { wishes: NONE, residuals: NONE };
const UNMATCHED: Decision = { ...NOTHING, matched: NONE, reports: NONE, undecided: NONE };

type Answer = Exclude<TermAnswer, { kind: 'needs-tags' }>;
type Candidate = Extract<TermAnswer, { kind: 'retention' }>;
type Draft = { -readonly [K in keyof Decision]: Decision[K] };

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
  const answers: Answer[] = [];
  const undecided: { rule: Rule; fact: CostlyFact }[] = [];
  policy.index.candidates(version.bucket, version.key, version.tags, (rule) => {
    const verdict = testAll(rule.open, version);
    if (verdict === 'no') return;
    const answer = verdict === 'yes' ? termOf(rule, version, now, policy.settings) : undefined;
    if (answer !== undefined && answer.kind !== 'needs-tags') insert(answers, answer);
    else insert(undecided, { rule, fact: verdict === 'yes' ? 'tags' : verdict });
  });
  if (answers.length === 0 && undecided.length === 0) return UNMATCHED;

  // This runs for every version of a pass: one loop, and no spread of objects, which would cost as much again.
  const reports: Report[] = [];
  const { wishes, decidedBy, residuals, eventHolds } = combine(
    answers,
    'applied',
    policy,
    version,
    now,
    reports,
  );
  const matched: string[] = [];
  let isObserving = false;
  let settleUntil: Instant | undefined;
  const settleFrom = later(version.created, version.tagsChanged ?? version.created);
  for (const answer of answers) {
    const { rule } = answer;
    matched.push(rule.name);
    if (rule.enforce === 'observe') isObserving = true;
    else if (rule.settle !== undefined) {
      const settled = addPeriod(settleFrom, rule.settle);
      settleUntil = settleUntil === undefined ? settled : later(settleUntil, settled);
    }
    if (answer.report !== undefined) reports.push(answer.report);
  }
  const open =
    undecided.length === 0
      ? NONE
      : undecided.map(({ rule: { name, mode, enforce }, fact }) => ({ rule: name, fact, mode, enforce }));
  const decision: Draft = { wishes, residuals, matched, reports, undecided: open };
  if (decidedBy !== undefined) decision.decidedBy = decidedBy;
  if (isObserving) decision.observed = combine(answers, 'all', policy, version, now, []);
  const eventHold = eventHolds?.[0];
  if (eventHolds !== undefined && eventHold !== undefined) {
    decision.eventHolds = eventHolds;
    decision.eventHold = eventHold;
  }
  if (settleUntil !== undefined && settleUntil > now) decision.settleUntil = settleUntil;
  return decision;
}

/** Rules are found by their prefixes and reported in the order of the file; for so few, sorting costs more. */
function insert<T extends { readonly rule: Rule }>(items: T[], item: T): void {
  let at = items.length;
  for (; at > 0; at -= 1) {
    const before = items[at - 1];
    if (before === undefined || before.rule.order < item.rule.order) break;
    items[at] = before;
  }
  items[at] = item;
}

function combine(
  answers: readonly Answer[],
  which: 'applied' | 'all',
  policy: Policy,
  version: VersionFacts,
  now: Instant,
  reports: Report[],
): Wanted {
  const { onConflict, maximum } = policy.settings;
  const start = later(version.created, now);
  const candidates: Candidate[] = [];
  let holder: string | undefined;
  let eventHolds: EventHold[] | undefined;
  let best: Candidate | undefined;
  for (const answer of answers) {
    const { rule } = answer;
    if (which === 'applied' && rule.enforce === 'observe') continue;
    if (answer.kind === 'hold') holder ??= rule.name;
    if (answer.kind === 'event-hold') {
      const { mode, event, duration } = answer;
      (eventHolds ??= []).push({ rule: rule.name, mode, event, duration });
    }
    if (answer.kind !== 'retention') continue;
    if (answer.until > rule.capAfter(start)) {
      // A tag may not take a lock away by asking for too much: the version stays held.
      const fromTag = rule.term.form === 'since-tag';
      if (fromTag) holder ??= rule.name;
      const instead = fromTag ? 'a legal hold instead' : 'nothing is locked by this rule';
      const detail = `the date lies beyond the cap of ${maximum.text}: ${instead}`;
      reports.push({ rule: rule.name, code: 'over-cap', detail });
      continue;
    }
    candidates.push(answer);
    if (best === undefined || outranks(answer, best, now)) best = answer;
  }
  if (best === undefined) {
    const wanted: Wanted =
      holder === undefined ? NOTHING : { wishes: [{ kind: 'hold' }], decidedBy: holder, residuals: NONE };
    return eventHolds === undefined ? wanted : { ...wanted, eventHolds };
  }

  const { rule, until } = onConflict === 'combine' ? latestOf(candidates, best) : best;
  const notAfter = rule.capAfter(start);
  const wish: RetentionWish = { kind: 'retention', mode: best.mode, until, notAfter, onConflict };
  const wishes: PlainWish[] = [wish];
  let residuals: readonly Residual[] = NONE;
  if (candidates.length > 1) {
    const stored = activeRetention(version.lock.retention, now);
    const longest = latestOf(candidates, best);
    if (
      stored.state === 'locked' &&
      stored.mode !== best.mode &&
      longest.mode === stored.mode &&
      longest.until > until
    ) {
      // The stored weaker mode stays whatever is wanted, so the longest of its own rules can still be met.
      const capped = longest.rule.capAfter(start);
      wishes.push({
        kind: 'retention',
        mode: longest.mode,
        until: longest.until,
        notAfter: capped,
        onConflict,
      });
    } else {
      residuals = outranked(candidates, wish, stored);
    }
  }
  if (holder !== undefined) wishes.push({ kind: 'hold' });
  const wanted: Wanted = { wishes, decidedBy: rule.name, residuals };
  return eventHolds === undefined ? wanted : { ...wanted, eventHolds };
}

/** The strictest mode first, then the latest date; a term that is over counts only where all are. */
function outranks(next: Candidate, best: Candidate, now: Instant): boolean {
  const lives = next.until > now;
  if (lives !== best.until > now) return lives;
  return next.mode === best.mode ? next.until > best.until : next.mode === 'COMPLIANCE';
}

/** Under `combine`, the strictest mode is kept up to the latest date that any rule asks for. */
function latestOf(candidates: readonly Candidate[], best: Candidate): Candidate {
  return candidates.reduce((most, next) => (next.until > most.until ? next : most), best);
}

/** What the strictest rule leaves unmet; a stored lock is one more voice, and may meet it. */
function outranked(candidates: readonly Candidate[], wish: RetentionWish, stored: Retention): Residual[] {
  const from = stored.state === 'locked' && stored.until > wish.until ? stored.until : wish.until;
  return candidates
    .filter(({ until }) => until > from)
    .map(({ mode, until, rule }) => ({ mode, from, until, because: 'outranked', rule: rule.name }));
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}
