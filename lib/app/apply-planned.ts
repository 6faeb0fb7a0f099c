/** Gives one version the lock that a plan shows for it, where the version still wants it. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { type Write } from '../lock/change.ts';
import { formatInstant } from '../lock/instant.ts';
import { type Planned, stillWanted } from '../plan/still-wanted.ts';
import { type Decision } from '../policy/decide.ts';
import { FACTS } from '../policy/facts.ts';
import { type VersionRef } from '../ports/lock-store.ts';
import { applyWish } from './apply-wish.ts';
import { type LockDeps } from './deps.ts';
import { decideFully } from './lock-version.ts';
import { detailsOf, Scribe } from './scribe.ts';

/** How one version of a run ended. */
export interface VersionEnd {
  readonly outcome: OutcomeCode;
  /** Whether it carries now what was planned for it. */
  readonly asPlanned: boolean;
  readonly detail?: string;
}

const AS_PLANNED: ReadonlySet<OutcomeCode> = new Set([
  'locked',
  'extended',
  'held',
  'found-in-place',
  'already-right',
] as const);

/**
 * Reads the version, decides once more, and writes what was planned if that is still wanted.
 *
 * @param cause - the id of the run; its records name it.
 * @throws HoldfastError `throttled` or `unreachable` when the store gave no verdict: ask again later.
 */
export async function applyPlanned(
  ref: VersionRef,
  planned: Planned,
  cause: string,
  deps: LockDeps,
): Promise<VersionEnd> {
  const scribe = new Scribe(ref, cause, deps);
  const read = await deps.store.read(ref);
  if (read.kind !== 'found') {
    await scribe.unread(read);
    return {
      outcome: read.kind,
      // What is not there any more needs no lock; it is counted by its name.
      asPlanned: read.kind === 'gone',
      ...(read.kind === 'no-permission' && { detail: `${read.action} was denied` }),
    };
  }
  scribe.found(read.version);
  const { facts, decision } = await decideFully(read.version, deps);
  scribe.decided(decision);
  const verdict = stillWanted(decision, facts.lock, planned, deps.clock.now());
  if (verdict.kind === 'in-place') {
    await scribe.ended('found-in-place', facts.lock, { wanted: [verdict.write] });
    return { outcome: 'found-in-place', asPlanned: true };
  }
  const open = openQuestion(decision, verdict.kind === 'moved');
  if (open !== undefined) {
    await scribe.ended(open.outcome, facts.lock, { detail: open.detail });
    return { ...open, asPlanned: false };
  }
  if (verdict.kind === 'moved') {
    const { detail } = verdict;
    await scribe.ended('moved', facts.lock, { detail });
    return { outcome: 'moved', asPlanned: false, detail };
  }
  const intend = async (write: Write): Promise<void> => scribe.intend(write);
  const result = await applyWish(read.version, verdict.wish, deps, intend);
  await scribe.ended(result.outcome, result.after, detailsOf(result, verdict.wish));
  // Extended in its weaker mode, as the plan says; that the mode stays wrong stands in the plan as well.
  const isExtended = result.outcome === 'mode-weaker' && result.write !== undefined;
  const asPlanned = AS_PLANNED.has(result.outcome) || isExtended;
  return {
    outcome: result.outcome,
    asPlanned,
    ...(result.detail !== undefined && { detail: result.detail }),
  };
}

/** What must be known before anything may be written, as a plan asks as well: tags that settle, facts that are missing. */
function openQuestion(
  { settleUntil, undecided }: Decision,
  hasMoved: boolean,
): (Pick<VersionEnd, 'outcome'> & { readonly detail: string }) | undefined {
  if (settleUntil !== undefined)
    return { outcome: 'settling', detail: `its tags may settle until ${formatInstant(settleUntil)}` };
  // A GOVERNANCE lock can never become COMPLIANCE: while a COMPLIANCE rule is undecided, nothing is written.
  const missing = undecided.find(
    ({ mode, enforce }) => hasMoved || (mode === 'COMPLIANCE' && enforce === 'apply'),
  )?.fact;
  if (missing === undefined) return undefined;
  const { name, permission } = FACTS[missing];
  return { outcome: 'undecided', detail: `${name} could not be read: ${permission} is needed` };
}
