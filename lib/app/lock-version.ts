/** The main job: one version is read, decided upon, locked, confirmed and recorded. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { type VersionRecord } from '../audit/record.ts';
import { type Wish, type Write } from '../lock/change.ts';
import { type Instant } from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';
import { decide, type Decision, type Wanted } from '../policy/decide.ts';
import { type CostlyFact, FACTS, type VersionFacts } from '../policy/facts.ts';
import { placingOf } from '../policy/place-events.ts';
import { type ObjectRef, type StoredVersion } from '../ports/lock-store.ts';
import { applyWish } from './apply-wish.ts';
import { type LockDeps } from './deps.ts';
import { afterClaim, asPlaced, claimFor, isOver, REPORTED, withRetention } from './place-events.ts';
import { detailsOf, type EndingDetails, Scribe } from './scribe.ts';

/** What {@link lockVersion} did: a record for each deed, and how long to wait where tags must settle first. */
export interface LockResult {
  readonly records: readonly VersionRecord[];
  readonly settleUntil?: Instant;
  /** Something was not written since Holdfast is paused: look at the version again later. */
  readonly paused: boolean;
}

/** What is known of the message that asks. */
export interface Circumstances {
  /** The version was looked at before and had to wait: what made it wait is not recorded twice. */
  readonly again?: boolean;
  /** It has waited long enough for its tags, whatever the clocks say. */
  readonly settled?: boolean;
  /** The message will not come again: what can be locked is locked now. */
  readonly lastChance?: boolean;
  readonly tagsChanged?: Instant;
}

/**
 * Brings one version to the lock that the policy wants, and records how that ended.
 *
 * 1. Read the version.
 * 2. Decide; read tags or currency only where a rule cannot be decided without them, and decide again.
 * 3. Wait where a rule wants tags to settle.
 * 4. Apply each wish by the law, confirm it, record it.
 *
 * Doing it twice does it once: what is already right is found so and not written again.
 *
 * @param cause - the id of the event or run that asked; records name it.
 * @throws HoldfastError `throttled` or `unreachable` when the store gave no verdict: ask again later.
 */
export async function lockVersion(
  ref: ObjectRef,
  cause: string,
  deps: LockDeps,
  { again = false, settled = false, lastChance = true, tagsChanged }: Circumstances = {},
): Promise<LockResult> {
  const scribe = new Scribe(ref, cause, deps);
  const read = await deps.store.read(ref);
  if (read.kind !== 'found') return { records: [await scribe.unread(read)], paused: false };
  scribe.found(read.version);

  const { facts, decision } = await decideFully(read.version, deps, tagsChanged);
  const knowsEventHolds = deps.store.capabilities.eventHolds === 'native';
  const placing = placingOf(decision, facts.lock, knowsEventHolds, deps.clock.now());
  scribe.decided(asPlaced(decision, placing));
  const { settleUntil } = decision;
  if (settleUntil !== undefined && !settled) {
    const settling = again ? [] : [await scribe.ended('settling', facts.lock)];
    return { records: settling, settleUntil, paused: false };
  }
  const records: VersionRecord[] = [];
  let paused = false;
  let version = read.version;
  const inPlace: (() => Promise<VersionRecord>)[] = [];
  const note = async (outcome: OutcomeCode, after: LockState, details: EndingDetails): Promise<void> => {
    const ended = async (): Promise<VersionRecord> => scribe.ended(outcome, after, details);
    if (again && outcome === 'found-in-place') inPlace.push(ended);
    else records.push(await ended());
  };
  for (const wish of wishesNow(placing.wishes, decision, lastChance)) {
    if (wish.kind === 'event-hold' && placing.native !== undefined) {
      version = await withRetention(version, deps);
      if (await isOver(version, placing.native, deps)) {
        const { outcome, detail = '' } = REPORTED;
        await note(outcome, version.lock, { wanted: [wish], detail });
        continue;
      }
    }
    const intend = async (write: Write): Promise<void> => scribe.intend(write);
    const result = await applyWish(version, wish, deps, intend);
    const { outcome, after } = result;
    version = { ...version, lock: after };
    if (outcome === 'paused') paused = true;
    // What makes it wait was recorded the first time.
    if (again && outcome === 'paused') continue;
    await note(outcome, after, detailsOf(result, wish));
  }
  for (const hold of placing.claims) {
    const placed = await claimFor(version, hold, deps);
    version = afterClaim(version, placed);
    const { outcome, ...details } = placed;
    // As with the brake, it was recorded the first time.
    if (again && outcome === 'event-hold-not-placed') continue;
    await note(outcome, version.lock, { wanted: [{ kind: 'hold' }], ...details });
  }
  // It may be the trace of a write that was accepted and never recorded. While it waits it comes again.
  if (!paused) for (const ended of inPlace) records.push(await ended());
  if (decision.observed !== undefined && !(again && paused)) {
    records.push(await scribe.ended('observed', facts.lock, { wanted: allOf(decision.observed) }));
  }
  if (decision.undecided.length > 0 || (records.length === 0 && !paused)) {
    const missing = decision.undecided[0]?.fact;
    const detail =
      missing && `${FACTS[missing].name} could not be read: ${FACTS[missing].permission} is needed`;
    const { unmatched } = deps.policy.settings;
    records.push(
      await scribe.ended(
        withoutWish(decision, unmatched),
        facts.lock,
        detail === undefined ? {} : { detail },
      ),
    );
  }
  return { records, paused };
}

/** Decides with as few requests as the rules allow: costly facts are read only where a rule asks for them. */
export async function decideFully(
  version: StoredVersion,
  deps: Pick<LockDeps, 'store' | 'policy' | 'clock'>,
  tagsChanged?: Instant,
): Promise<{ facts: VersionFacts; decision: Decision }> {
  const { ref, created, size, tags, lock } = version;
  const { bucket, key } = ref;
  let facts: VersionFacts = {
    ...{ bucket, key, created, size, tags, current: 'unknown', lock },
    ...(tagsChanged !== undefined && { tagsChanged }),
  };
  const now = deps.clock.now();
  // No request tells a size that the read did not tell.
  const asked = new Set<CostlyFact>(['size']);
  for (;;) {
    const decision = decide(deps.policy, facts, now);
    const missing = decision.undecided.find(({ fact }) => !asked.has(fact))?.fact;
    if (missing === undefined) return { facts, decision };
    asked.add(missing);
    facts =
      missing === 'tags'
        ? { ...facts, tags: await deps.store.readTags(ref) }
        : { ...facts, current: await deps.store.readCurrent(ref) };
  }
}

/**
 * What to apply now. A GOVERNANCE lock can never become COMPLIANCE, so while a COMPLIANCE rule waits for a fact
 * that a later delivery may bring, GOVERNANCE waits as well.
 */
function wishesNow(wishes: readonly Wish[], { undecided }: Decision, lastChance: boolean): readonly Wish[] {
  const waits =
    !lastChance && undecided.some(({ mode, enforce }) => mode === 'COMPLIANCE' && enforce === 'apply');
  return waits ? wishes.filter((wish) => wish.kind === 'hold' || wish.mode === 'COMPLIANCE') : wishes;
}

function allOf({ wishes, eventHolds = [] }: Wanted): Wish[] {
  const held = eventHolds.map(({ mode, duration }): Wish => ({ kind: 'event-hold', mode, duration }));
  return [...held, ...wishes];
}

/** Why a decision without any wish ended as it did. */
function withoutWish({ undecided, reports }: Decision, unmatched: 'report' | 'error'): OutcomeCode {
  if (undecided.length > 0) return 'undecided';
  if (reports.some(({ code }) => code === 'over-cap')) return 'over-cap';
  return unmatched === 'error' ? 'uncovered' : 'unmatched';
}
