/** Releases the legal hold that stands in for an event hold; its date is computed here, and set first. */
import { type OutcomeCode } from '../../audit/outcome.ts';
import { type RetentionWish } from '../../lock/change.ts';
import { type Instant, instantOf } from '../../lock/instant.ts';
import { type RollEnd } from '../../matters/roll.ts';
import { type Rule } from '../../policy/compile.ts';
import { dateAfter } from '../../policy/term.ts';
import { clearHold } from './clear-hold.ts';
import { claimantOf, noteReported } from './event-claims.ts';
import { type End, type EventDeps, type Seen, wishAndRecord } from './event-look.ts';

/** The date first, and the legal hold only when the date is there. */
export async function releaseClaim(
  seen: Seen,
  rule: Rule,
  event: string,
  reported: Instant,
  deps: EventDeps,
): Promise<End> {
  const { version, scribe } = seen;
  const { term } = rule;
  // What waits for an event has a period; the rules were looked up by that.
  if (term.form !== 'event') return { outcome: 'unmatched', after: version.lock };
  const { settings } = deps.policy;
  const until = dateAfter(reported, term.period, rule, settings);
  const notAfter = rule.capAfter(instantOf(Math.max(version.created, deps.clock.now())));
  const { onConflict } = settings;
  const wish: RetentionWish = { kind: 'retention', mode: rule.mode, until, notAfter, onConflict };
  const dated = await wishAndRecord(seen, wish, deps);
  if (dated.outcome !== 'term-over' && !isKept(dated, wish)) {
    const detail = `${dated.detail === undefined ? '' : `${dated.detail}; `}its legal hold stays ON`;
    return { ...dated, detail };
  }
  const cleared = await clearHold(version.ref, claimantOf(rule.name), deps.clearing);
  await noteReported(version, { rule: rule.name, event }, cleared, deps);
  const end = { ...released(cleared), after: dated.after };
  await scribe.ended(end.outcome, end.after, { ...(end.detail !== undefined && { detail: end.detail }) });
  return end;
}

const DATED: ReadonlySet<OutcomeCode> = new Set([
  'locked',
  'extended',
  'found-in-place',
  'already-right',
] as const);

/** Whether what is stored keeps a version as a wish asks: only then may its hold go. */
function isKept({ outcome, after: { retention } }: End, wish: RetentionWish): boolean {
  return (
    DATED.has(outcome) &&
    retention.state === 'locked' &&
    retention.until >= wish.until &&
    (retention.mode === wish.mode || retention.mode === 'COMPLIANCE')
  );
}

/** The event is over for a version whose claim was withdrawn, whoever else keeps its legal hold ON. */
function released({ outcome, detail }: RollEnd): { readonly outcome: OutcomeCode; readonly detail?: string } {
  const why = detail === undefined ? {} : { detail };
  switch (outcome) {
    case 'off':
      return { outcome: 'event-released' };
    case 'needed':
      return { outcome: 'event-released', detail: 'its legal hold stays ON: somebody else needs it' };
    case 'found-on':
    case 'unclear':
      return { outcome: 'event-released', detail: 'its legal hold stays ON: it is not known to be ours' };
    case 'no-verdict':
      return { outcome: 'not-confirmed', ...why };
    default:
      return { outcome, ...why };
  }
}
