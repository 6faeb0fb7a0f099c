/** Releases the event hold that a store keeps; the store fixes the date. */
import { type OutcomeCode } from '../../audit/outcome.ts';
import { releaseOf } from '../../lock/change.ts';
import { formatInstant } from '../../lock/instant.ts';
import { type RollEnd } from '../../matters/roll.ts';
import { type EventHold } from '../../policy/decide.ts';
import { placingOf } from '../../policy/place-events.ts';
import { type StoredVersion } from '../../ports/lock-store.ts';
import { applyWish, applyWrite } from '../apply-wish.ts';
import { withRetention } from '../place-events.ts';
import { detailsOf } from '../scribe.ts';
import { isReported, noteReported } from './event-claims.ts';
import { type End, type EventDeps, intentBy, type Seen } from './event-look.ts';

/** @returns undefined where the store holds nothing for the event. */
export async function releaseNative(seen: Seen, event: string, deps: EventDeps): Promise<End | undefined> {
  const { scribe, decision, waiting, claims } = seen;
  if (deps.store.capabilities.eventHolds !== 'native' || waiting.length === 0) return undefined;
  const version = await withRetention(seen.version, deps);
  const { lock } = version;
  const ended = async (outcome: OutcomeCode, detail: string): Promise<End> => {
    await scribe.ended(outcome, lock, { detail });
    return { outcome, after: lock, detail };
  };
  if (lock.retention.state === 'absent')
    return ended('no-permission', 's3:GetObjectRetention is needed to see the lock first');
  if (releaseOf(lock) === undefined) return undefined;
  // A store has one event hold for each version: it may be there for another event, which has no claim of its own.
  const other = await otherNeed(seen, event, deps);
  if (other !== undefined) {
    if (waiting.every(({ rule }) => claims.has(rule))) return undefined;
    return ended('still-needed', `the rule ${other.rule} waits for ${JSON.stringify(other.event)}`);
  }
  const placing = placingOf({ ...decision, eventHolds: waiting }, lock, true, deps.clock.now());
  const wish = placing.wishes.find(({ kind }) => kind === 'event-hold');
  // The store counts the date by the duration that it has: it must not be shorter than the rule asks by now.
  const raised = wish && (await applyWish(version, wish, deps, intentBy(seen)));
  if (wish !== undefined && raised !== undefined && !(raised.outcome === 'found-in-place')) {
    await scribe.ended(raised.outcome, raised.after, detailsOf(raised, wish));
    if (!LONG_ENOUGH.has(raised.outcome)) return raised;
  }
  const ready = { ...version, lock: raised?.after ?? lock };
  const write = releaseOf(ready.lock);
  if (write === undefined) return undefined;
  const result = await applyWrite(ready, write, deps, intentBy(seen));
  await scribe.ended(result.outcome, result.after, {
    ...detailsOf(result, { kind: 'hold' }),
    wanted: [write],
  });
  if (IS_RELEASED.has(result.outcome))
    for (const hold of waiting) await noteReported(version, hold, endOf(version, 'off', deps), deps);
  return { ...result, outcome: result.outcome === 'already-right' ? 'event-released' : result.outcome };
}

/** A rule that waits for another event, and has nothing but the hold of the store. */
async function otherNeed(
  { version, decision, claims }: Seen,
  event: string,
  deps: EventDeps,
): Promise<EventHold | undefined> {
  for (const hold of decision.eventHolds ?? []) {
    if (hold.event === event || claims.has(hold.rule)) continue;
    if (!(await isReported(version, hold, deps))) return hold;
  }
  return undefined;
}

const LONG_ENOUGH: ReadonlySet<OutcomeCode> = new Set(['extended', 'already-right', 'mode-weaker'] as const);
const IS_RELEASED: ReadonlySet<OutcomeCode> = new Set(['event-released', 'already-right'] as const);

function endOf({ ref }: StoredVersion, outcome: RollEnd['outcome'], { clock }: EventDeps): RollEnd {
  const { bucket, key, versionId } = ref;
  return { bucket, key, versionId, outcome, at: formatInstant(clock.now()) };
}
