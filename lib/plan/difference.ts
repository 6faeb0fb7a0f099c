/** What lies between the lock that one listed version carries and the lock that it ought to carry. */
import {
  change,
  type Change,
  type PlainWish,
  type PlainWrite,
  type RetentionWish,
  type Write,
  writeOf,
} from '../lock/change.ts';
import { DAY, type Instant } from '../lock/instant.ts';
import { type Mode } from '../lock/state.ts';
import { type Policy, type Rule } from '../policy/compile.ts';
import { decide, type Decision } from '../policy/decide.ts';
import { type CostlyFact } from '../policy/facts.ts';
import { type Report } from '../policy/term.ts';
import { type PlanRow } from './row.ts';

/** How a change may be carried out. */
export type Route =
  /** By any engine: S3 itself refuses whatever would weaken a lock. */
  | 'plain'
  /** Its lock ends within days, and a bulk job may prepare for hours: by the direct engine. */
  | 'urgent'
  /** Only by an engine that reads and decides once more, version by version. */
  | 'recheck';

/** One write that a version needs. */
export interface PlannedChange {
  readonly kind: 'set' | 'extend' | 'hold-on';
  readonly rule: string;
  /** Never about an event hold: a bulk job drops its members in silence. */
  readonly write: PlainWrite;
  /** The mode that is stored now. */
  readonly from: Mode | 'none';
  /** Law 5: the last date that this version may be given. */
  readonly notAfter: Instant;
  readonly route: Route;
  /** The rule only observes: counted, never written. */
  readonly observed: boolean;
  /** Newly under COMPLIANCE, or for so much longer that it is as good as new: nobody can take it back. */
  readonly irrevocable: boolean;
}

/** Why a version does not get what a rule asks for. */
export type WrongReason =
  | 'mode-weaker'
  | 'mode-stricter'
  | 'outranked'
  | 'over-cap'
  | 'event-held'
  | 'event-hold-not-placed'
  | 'undecided'
  | 'lock-not-seen'
  | 'uncovered'
  | 'settling';

export interface Wrong {
  readonly reason: WrongReason;
  readonly rule: string;
  /** When the gap begins, where it is not there already. */
  readonly from?: Instant;
  readonly fact?: CostlyFact;
}

export interface Difference {
  readonly state: 'differs' | 'satisfied' | 'unmatched' | 'term-over';
  readonly changes: readonly PlannedChange[];
  readonly wrong: readonly Wrong[];
  readonly reports: readonly Report[];
  /** What must be read before this version can be judged; until then nothing else here counts. */
  readonly needs?: Missing;
}

/** A part of the lock, or a fact, that the listing does not tell. */
export type Missing = 'retention' | 'hold' | CostlyFact;

export interface DifferOptions {
  readonly policy: Policy;
  /** The moment that the listing speaks of. */
  readonly asOf: Instant;
  /** Whether the listing would show an event hold of S3; where it would not, no lock is extended unseen. */
  readonly tellsEventHolds: boolean;
}

/** A bulk job may wait for hours before its first task: what ends sooner than this goes direct. */
const URGENT = 3 * DAY;

/** A COMPLIANCE lock that grows by more than this is guarded like a new one; rolling locks grow by less (milliseconds). */
const GROWTH = 90 * DAY;

const NONE: readonly never[] = [];
const UNMATCHED: Difference = { state: 'unmatched', changes: NONE, wrong: NONE, reports: NONE };
const SATISFIED: Difference = { state: 'satisfied', changes: NONE, wrong: NONE, reports: NONE };
const TERM_OVER: Difference = { state: 'term-over', changes: NONE, wrong: NONE, reports: NONE };

/** Compares listed versions with a policy. */
export class Differ {
  private readonly options: DifferOptions;
  /** Rules whose answer may change while a version lies there. */
  private readonly movingRules: ReadonlySet<string>;
  private readonly hasStricterByTags: boolean;

  constructor(options: DifferOptions) {
    this.options = options;
    const { rules } = options.policy;
    this.movingRules = new Set(
      rules.filter((rule) => dependsOnTags(rule) || dependsOnCurrency(rule)).map(({ name }) => name),
    );
    this.hasStricterByTags = rules.some((rule) => rule.mode === 'COMPLIANCE' && dependsOnTags(rule));
  }

  /**
   * What one version lacks.
   *
   * @param known - facts that were asked for already: what is still unknown then cannot be known.
   */
  of(row: PlanRow, known: ReadonlySet<Missing> = NOTHING_ASKED): Difference {
    const { policy, asOf } = this.options;
    const decision = decide(policy, row, asOf);
    if (decision.matched.length === 0 && decision.undecided.length === 0) return unmatched(policy);
    const [first] = decision.undecided;
    if (first !== undefined) {
      const missing = decision.undecided.find(({ fact }) => fact !== 'size' && !known.has(fact));
      if (missing !== undefined) return { ...SATISFIED, needs: missing.fact };
    }
    const wishes =
      decision.observed === undefined ? decision.wishes : [...decision.wishes, ...decision.observed.wishes];
    const unseen = wishes.find((wish) => isUnseen(row, wish) && !known.has(wish.kind));
    if (unseen !== undefined) return { ...SATISFIED, needs: unseen.kind };
    return this.judge(row, decision);
  }

  private judge(row: PlanRow, decision: Decision): Difference {
    const { asOf } = this.options;
    const wrong: Wrong[] = [];
    const by = decision.decidedBy ?? decision.matched[0] ?? '';
    let isOver = false;
    const changes: PlannedChange[] = [];
    if (decision.settleUntil !== undefined)
      wrong.push({ reason: 'settling', rule: by, from: decision.settleUntil });
    else {
      // A GOVERNANCE lock can never become COMPLIANCE: while a COMPLIANCE rule is undecided, nothing is written.
      const waits = decision.undecided.some(
        ({ mode, enforce }) => mode === 'COMPLIANCE' && enforce === 'apply',
      );
      let best: PlannedChange | undefined;
      for (const wish of decision.wishes) {
        const made = change(row.lock, wish, asOf);
        if (made.kind === 'term-over') isOver = true;
        const fault = wrongOf(made, by);
        if (fault !== undefined) wrong.push(fault);
        const write = writeOf(made);
        if (write === undefined || made.kind === 'cannot-tell') continue;
        if (!isPlain(write)) {
          wrong.push({ reason: 'event-held', rule: by });
          continue;
        }
        if (waits && wish.kind === 'retention' && wish.mode === 'GOVERNANCE') continue;
        const planned = this.plan(row, wish, write, decision, by, false);
        if (planned.kind === 'hold-on') changes.push(planned);
        // The second wish for a stored weaker mode asks for more of the same: the later date serves both.
        else if (best === undefined || dateOf(planned) > dateOf(best)) best = planned;
      }
      if (best !== undefined) changes.unshift(best);
    }
    this.observe(row, decision, changes);
    for (const { because, from, rule } of decision.residuals)
      wrong.push({ reason: because, rule: rule ?? by, from });
    for (const { rule, fact } of decision.undecided) wrong.push({ reason: 'undecided', rule, fact });
    if (decision.eventHold !== undefined)
      wrong.push({ reason: 'event-hold-not-placed', rule: decision.eventHold.rule });
    for (const { code, rule } of decision.reports)
      if (code === 'over-cap') wrong.push({ reason: 'over-cap', rule });
    if (changes.length === 0 && wrong.length === 0 && decision.reports.length === 0)
      return isOver ? TERM_OVER : SATISFIED;
    const state =
      changes.some(({ observed }) => !observed) || wrong.length > 0
        ? 'differs'
        : isOver
          ? 'term-over'
          : 'satisfied';
    return { state, changes, wrong, reports: decision.reports };
  }

  /** What rules under observation would add to what is written anyway. */
  private observe(row: PlanRow, decision: Decision, changes: PlannedChange[]): void {
    const { observed } = decision;
    if (observed === undefined) return;
    const applied = new Set(changes.map(({ write }) => textOf(write)));
    const by = observed.decidedBy ?? '';
    for (const wish of observed.wishes) {
      const made = change(row.lock, wish, this.options.asOf);
      const write = writeOf(made);
      if (write === undefined || made.kind === 'cannot-tell' || !isPlain(write)) continue;
      if (applied.has(textOf(write))) continue;
      changes.push(this.plan(row, wish, write, decision, by, true));
    }
  }

  private plan(
    row: PlanRow,
    wish: PlainWish,
    write: PlainWrite,
    { matched }: Decision,
    rule: string,
    observed: boolean,
  ): PlannedChange {
    const { asOf, tellsEventHolds, policy } = this.options;
    const { retention } = row.lock;
    const stored = retention.state === 'locked' && retention.until > asOf ? retention : undefined;
    const from = stored?.mode ?? 'none';
    if (write.kind === 'hold-on') {
      // Its tags may have come meanwhile, and a hold that nobody needs is cleared by nobody.
      const route = matched.some((name) => this.movingRules.has(name)) ? 'recheck' : 'plain';
      return { kind: 'hold-on', rule, write, from, notAfter: asOf, route, observed, irrevocable: false };
    }
    const { notAfter, mode: wanted } = wish as RetentionWish;
    // Under `combine` one rule may give the date and another the mode.
    const deciding = policy.settings.onConflict === 'combine' ? matched : [rule];
    const isMoving = write.mode === 'COMPLIANCE' && deciding.some((name) => this.movingRules.has(name));
    // Where tags had to be read, a COMPLIANCE rule may match by now, and GOVERNANCE could never become it.
    const mayBecomeStricter = write.mode === 'GOVERNANCE' && row.tags !== 'unknown' && this.hasStricterByTags;
    // The stored mode is borrowed: when its lock has lapsed, the mode that is wanted is possible.
    const isBorrowed = write.mode !== wanted;
    const isBlind = stored !== undefined && !tellsEventHolds;
    const grows = from !== 'COMPLIANCE' || stored === undefined || write.until > stored.until + GROWTH;
    const route: Route =
      stored !== undefined && stored.until < asOf + URGENT
        ? 'urgent'
        : isMoving || mayBecomeStricter || isBorrowed || isBlind
          ? 'recheck'
          : 'plain';
    return {
      kind: stored === undefined ? 'set' : 'extend',
      ...{ rule, write, from, notAfter, route, observed },
      irrevocable: write.mode === 'COMPLIANCE' && grows,
    };
  }
}

const NOTHING_ASKED: ReadonlySet<Missing> = new Set();

function unmatched({ settings }: Policy): Difference {
  return settings.unmatched === 'error'
    ? { ...UNMATCHED, wrong: [{ reason: 'uncovered', rule: '' }] }
    : UNMATCHED;
}

/** Over an event hold each date is sent with the hold and its duration, version by version: that is no plan's work. */
function isPlain(write: Write): write is PlainWrite {
  return write.kind === 'hold-on' || write.kind === 'retention';
}

/** Whether the part of the lock that a wish is about was not shown by the listing. */
function isUnseen({ lock }: PlanRow, wish: PlainWish): boolean {
  return wish.kind === 'hold' ? lock.hold === 'absent' : lock.retention.state === 'absent';
}

function wrongOf(made: Change, rule: string): Wrong | undefined {
  switch (made.kind) {
    case 'mode-weaker':
    case 'mode-stricter':
      return { reason: made.kind, rule, from: made.residual.from };
    case 'refused':
      return { reason: made.code, rule };
    case 'cannot-tell':
      return { reason: 'lock-not-seen', rule };
    default:
      return undefined;
  }
}

function dependsOnCurrency({ conditions }: Rule): boolean {
  return conditions.some(({ text }) => text === 'versions: current');
}

/** Whether what a rule wants may change with the tags of a version. */
function dependsOnTags({ match, term }: Rule): boolean {
  return (
    match.tags !== undefined ||
    term.form === 'tag' ||
    term.form === 'since-tag' ||
    (match.except ?? []).some(({ tags }) => tags !== undefined)
  );
}

function dateOf({ write }: PlannedChange): number {
  return write.kind === 'retention' ? write.until : 0;
}

function textOf(write: PlainWrite): string {
  return write.kind === 'retention' ? `${write.mode} ${write.until}` : write.kind;
}
