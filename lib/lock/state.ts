import { type HoldDuration, isAtLeast } from './duration.ts';
import { type Instant } from './instant.ts';

/** The two modes of S3 retention: GOVERNANCE yields to a special permission, COMPLIANCE to nobody. */
export type Mode = 'GOVERNANCE' | 'COMPLIANCE';

/**
 * What is known of a version's retention.
 * `absent` means that nothing was seen, which is not `none`: S3 leaves the lock out of a HEAD when the
 * reader may not see it. A lock whose date has passed is still `locked` here; {@link activeRetention} tells.
 */
export type Retention =
  | { readonly state: 'none' }
  | { readonly state: 'absent' }
  | {
      readonly state: 'locked';
      readonly mode: Mode;
      readonly until: Instant;
      /** S3 moves the date on by itself until the event hold is released. */
      readonly eventHeld?: true;
      /** How long it lasts from its release on; left out where nobody told. */
      readonly eventHold?: HoldDuration;
      /** An event hold that was in force is OFF, and its date is fixed; left out where nobody told. */
      readonly eventReleased?: true;
    };

/** What is known of a version's legal hold: S3's `OFF` and "never set" are both `none`. */
export type Hold = 'none' | 'on' | 'absent';

/** The whole lock of one version, as far as it was seen. */
export interface LockState {
  readonly retention: Retention;
  readonly hold: Hold;
}

export type LockedRetention = Extract<Retention, { state: 'locked' }>;

export const UNLOCKED: LockState = { retention: { state: 'none' }, hold: 'none' };

/** The retention that binds at `now`: an expired lock is no lock. */
export function activeRetention(retention: Retention, now: Instant): Retention {
  return retention.state === 'locked' && retention.eventHeld === undefined && retention.until <= now
    ? { state: 'none' }
    : retention;
}

/**
 * Whether `next` protects at least as `before` did, at `now`.
 * What was seen and is `absent` afterwards counts as weaker: nothing shows that it is still there.
 */
export function noWeaker(before: LockState, next: LockState, now: Instant): boolean {
  if (before.hold === 'on' && next.hold !== 'on') return false;
  const was = activeRetention(before.retention, now);
  if (was.state !== 'locked') return true;
  const is = next.retention;
  return (
    is.state === 'locked' &&
    is.until >= was.until &&
    (was.mode === 'GOVERNANCE' || is.mode === 'COMPLIANCE') &&
    holdsNoLess(was, is)
  );
}

/** Whether an event hold that was there is still there, and lasts as long after its release. */
function holdsNoLess(was: LockedRetention, is: LockedRetention): boolean {
  if (was.eventHeld === undefined) return true;
  if (is.eventHeld === undefined) return false;
  return (
    was.eventHold === undefined || (is.eventHold !== undefined && isAtLeast(is.eventHold, was.eventHold))
  );
}
