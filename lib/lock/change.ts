/** The law of the lock: the one place that says what may be written over what is stored. */
import { earliestEnd, isAtLeast, latestEnd, longerOf } from './duration.ts';
import { ceilToSecond, DAY, type Instant } from './instant.ts';
import { activeRetention, type LockState, type LockedRetention } from './state.ts';
import {
  type Change,
  type EventHoldWish,
  type Residual,
  type RetentionWish,
  type Wish,
  type Write,
} from './wish.ts';

export type {
  Change,
  EventHoldWish,
  PlainWish,
  PlainWrite,
  Residual,
  RetentionWish,
  Wish,
  Write,
} from './wish.ts';

/**
 * What may be written to bring a version to a wish without ever weakening its lock.
 *
 * @param current - the stored lock, as far as it was seen.
 * @param wish - a retention with its cap, a hold, or a hold until an event.
 * @param now - the moment of the decision; a lock that ended before it binds no more.
 * @example
 * change(UNLOCKED, { kind: 'hold' }, now); // { kind: 'hold-on', write: { kind: 'hold-on' } }
 */
export function change(current: LockState, wish: Wish, now: Instant): Change {
  switch (wish.kind) {
    case 'hold':
      return changeHold(current);
    case 'retention':
      return changeRetention(current, wish, now);
    case 'event-hold':
      return changeEventHold(current, wish, now);
  }
}

/** What takes the event hold off that is seen on a version; undefined where none is. */
export function releaseOf({ retention }: LockState): Extract<Write, { kind: 'event-hold-off' }> | undefined {
  return retention.state === 'locked' && retention.eventHeld !== undefined
    ? { kind: 'event-hold-off', mode: retention.mode }
    : undefined;
}

/** What a change sends to the store, if it sends anything. */
export function writeOf(made: Change): Write | undefined {
  return 'write' in made ? made.write : undefined;
}

/** The lock after a write was accepted as sent, at `now`. */
export function afterWrite(current: LockState, write: Write, now: Instant): LockState {
  const stored = activeRetention(current.retention, now);
  const least = stored.state === 'locked' ? stored.until : now;
  switch (write.kind) {
    case 'hold-on':
      return { ...current, hold: 'on' };
    case 'retention':
      return { ...current, retention: { state: 'locked', mode: write.mode, until: write.until } };
    case 'event-hold-on': {
      const { mode, duration } = write;
      const until = latest(least, write.until, earliestEnd(duration, now));
      return {
        ...current,
        retention: { state: 'locked', mode, until, eventHeld: true, eventHold: duration },
      };
    }
    case 'event-hold-off': {
      const until = latest(least, write.until);
      return { ...current, retention: { state: 'locked', mode: write.mode, until, eventReleased: true } };
    }
  }
}

function latest(first: Instant, ...others: readonly (Instant | undefined)[]): Instant {
  return others.reduce<Instant>((most, next) => (next !== undefined && next > most ? next : most), first);
}

function changeHold(current: LockState): Change {
  const write: Write = { kind: 'hold-on' };
  switch (current.hold) {
    case 'on':
      return { kind: 'nothing' };
    case 'none':
      return { kind: 'hold-on', write };
    case 'absent':
      return { kind: 'cannot-tell', write };
  }
}

function changeRetention(current: LockState, wish: RetentionWish, now: Instant): Change {
  const until = ceilToSecond(wish.until);
  if (until > wish.notAfter) return { kind: 'refused', code: 'over-cap' };
  if (until <= now) return { kind: 'term-over', since: until };

  const write: Write = { kind: 'retention', mode: wish.mode, until };
  const stored = activeRetention(current.retention, now);
  switch (stored.state) {
    case 'none':
      return { kind: 'set', write };
    case 'absent':
      return { kind: 'cannot-tell', write };
    case 'locked':
      return changeLocked(stored, wish, until, now);
  }
}

function changeLocked(stored: LockedRetention, wish: RetentionWish, until: Instant, now: Instant): Change {
  if (stored.mode === 'GOVERNANCE' && wish.mode === 'COMPLIANCE') {
    const residual: Residual = { mode: 'COMPLIANCE', from: now, until, because: 'mode-weaker' };
    const write = until > stored.until ? dateOver(stored, until) : undefined;
    return write === undefined ? { kind: 'mode-weaker', residual } : { kind: 'mode-weaker', residual, write };
  }
  if (until <= stored.until) return { kind: 'nothing' };
  const write = dateOver(stored, until);
  if (write === undefined) return { kind: 'refused', code: 'event-held' };
  if (stored.mode !== wish.mode && wish.onConflict === 'strongest') {
    const residual: Residual = { mode: wish.mode, from: stored.until, until, because: 'mode-stricter' };
    return { kind: 'mode-stricter', residual };
  }
  return { kind: 'extend', from: stored.until, write };
}

/**
 * A later date over a stored lock. A plain date could drop the event hold on some stores, so that the hold is sent
 * again with its duration; undefined where nobody told that.
 */
function dateOver({ mode, eventHeld, eventHold }: LockedRetention, until: Instant): Write | undefined {
  if (eventHeld === undefined) return { kind: 'retention', mode, until };
  return eventHold && { kind: 'event-hold-on', mode, duration: eventHold, until };
}

function changeEventHold(current: LockState, { mode, duration }: EventHoldWish, now: Instant): Change {
  const stored = activeRetention(current.retention, now);
  switch (stored.state) {
    case 'none':
      return { kind: 'set', write: { kind: 'event-hold-on', mode, duration } };
    case 'absent':
      return { kind: 'must-see' };
    case 'locked':
      return changeHeld(stored, { mode, duration }, now);
  }
}

function changeHeld(
  stored: LockedRetention,
  { mode, duration }: Pick<EventHoldWish, 'mode' | 'duration'>,
  now: Instant,
): Change {
  const { eventHold, until: least } = stored;
  const isHeld = eventHold !== undefined && isAtLeast(eventHold, duration);
  const until = latest(least, earliestEnd(duration, now));
  // Nobody can take a COMPLIANCE hold back, and nobody asked for one.
  if (stored.mode === 'COMPLIANCE' && mode === 'GOVERNANCE') {
    const residual: Residual = { mode, from: least, until, because: 'mode-stricter' };
    return isHeld ? { kind: 'nothing' } : { kind: 'mode-stricter', residual };
  }
  const isWeaker = stored.mode !== mode;
  const residual: Residual = { mode, from: now, until, because: 'mode-weaker' };
  if (isHeld) return isWeaker ? { kind: 'mode-weaker', residual } : { kind: 'nothing' };
  // It may be longer than what would be sent, and no store refuses to make it shorter.
  if (stored.eventHeld !== undefined && eventHold === undefined)
    return { kind: 'refused', code: 'event-held' };
  const longest = eventHold === undefined ? duration : longerOf(eventHold, duration);
  // A date that outlasts the hold is said once more. One that does not would be refused, and stands all the same.
  const isLater = least > latestEnd(longest, now) + DAY;
  const write: Write = {
    ...{ kind: 'event-hold-on', mode: stored.mode, duration: longest },
    ...(isLater && { until: ceilToSecond(least) }),
  };
  return isWeaker ? { kind: 'mode-weaker', write, residual } : { kind: 'extend', from: least, write };
}
