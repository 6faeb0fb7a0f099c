/** Places what a decision holds until an event: by the store, or by a legal hold that stands in for it. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { earliestEnd } from '../lock/duration.ts';
import { type Decision, type EventHold } from '../policy/decide.ts';
import { type Placing } from '../policy/place-events.ts';
import { type StoredVersion } from '../ports/lock-store.ts';
import { type LockDeps } from './deps.ts';
import { type ClaimPlaced } from './event-claims.ts';

/** How a hold until an event ended that has nothing to wait for any more. */
export const REPORTED: ClaimPlaced = { outcome: 'found-in-place', detail: 'its event was reported before' };

/** The version with its retention, where the first read left it out. */
export async function withRetention(
  version: StoredVersion,
  { store }: Pick<LockDeps, 'store'>,
): Promise<StoredVersion> {
  if (version.lock.retention.state !== 'absent') return version;
  const seen = await store.readLock(version.ref, 'retention');
  return seen.kind === 'seen'
    ? { ...version, lock: { ...version.lock, retention: seen.lock.retention } }
    : version;
}

/**
 * Whether the event of a hold was reported already: then it is not placed anew.
 *
 * An uploader can say OFF as well, and a date with it. So the store is believed only where the version is kept for
 * as long as the rule asks, from its creation on.
 */
export async function isOver(
  { ref, created, size, tags, lock }: StoredVersion,
  hold: EventHold,
  { eventHolds }: Pick<LockDeps, 'eventHolds'>,
): Promise<boolean> {
  const { retention } = lock;
  if (retention.state === 'locked') {
    if (retention.eventHeld) return false;
    if (retention.eventReleased && retention.until >= earliestEnd(hold.duration, created)) return true;
  }
  return (await eventHolds?.isReported({ ref, created, size, tags, lock }, hold)) ?? false;
}

/** Claims the legal hold for a rule that waits for an event. */
export async function claimFor(
  version: StoredVersion,
  hold: EventHold,
  { eventHolds }: Pick<LockDeps, 'eventHolds'>,
): Promise<ClaimPlaced> {
  if (eventHolds === undefined) {
    const detail = `the rule ${hold.rule} waits for ${JSON.stringify(hold.event)}, and this store cannot hold it until then`;
    return { outcome: 'event-hold-not-placed', detail };
  }
  if (await eventHolds.isReported(version, hold)) return REPORTED;
  return eventHolds.place(version, hold);
}

/** A decision as records tell it, once it is known how its event holds are placed. */
export function asPlaced(decision: Decision, { residuals, native, claims }: Placing): Decision {
  const decidedBy = decision.decidedBy ?? native?.rule ?? claims[0]?.rule;
  return {
    ...decision,
    ...(decidedBy !== undefined && { decidedBy }),
    residuals: [...decision.residuals, ...residuals],
  };
}

const ON: ReadonlySet<OutcomeCode> = new Set(['held', 'found-in-place'] as const);

/** The version after its legal hold was claimed. */
export function afterClaim(version: StoredVersion, { outcome, detail }: ClaimPlaced): StoredVersion {
  const isOn = ON.has(outcome) && detail !== REPORTED.detail;
  return isOn ? { ...version, lock: { ...version.lock, hold: 'on' } } : version;
}
