/** The law of the lock: the one place that says what may be written over what is stored. */
import { ceilToSecond, type Instant } from './instant.ts';
import { activeRetention, type LockState, type LockedRetention, type Mode } from './state.ts';

/** A lock that somebody wants a version to carry. */
export type Wish =
  | { readonly kind: 'hold' }
  | {
      readonly kind: 'retention';
      readonly mode: Mode;
      readonly until: Instant;
      /** Law 5: no write goes beyond this moment, whoever asks. */
      readonly notAfter: Instant;
      /** Under a stored stricter mode: report (`strongest`), or extend in that mode (`combine`). */
      readonly onConflict: 'strongest' | 'combine';
    };

export type RetentionWish = Extract<Wish, { kind: 'retention' }>;

/** What is sent to the store: always for one named version, never with bypass. */
export type Write =
  | { readonly kind: 'hold-on' }
  | { readonly kind: 'retention'; readonly mode: Mode; readonly until: Instant };

/** A stretch of time for which a wish stays unmet, reported as drift. */
export interface Residual {
  readonly mode: Mode;
  readonly from: Instant;
  readonly until: Instant;
  readonly because: 'mode-weaker' | 'mode-stricter' | 'outranked';
  /** The rule that asks for it, where one does. */
  readonly rule?: string;
}

/** What the law answers to one wish. */
export type Change =
  /** The stored lock already does what is wanted. */
  | { readonly kind: 'nothing' }
  /** No active lock: write one. */
  | { readonly kind: 'set'; readonly write: Write }
  /** The stored mode stays, the date grows. */
  | { readonly kind: 'extend'; readonly write: Write; readonly from: Instant }
  | { readonly kind: 'hold-on'; readonly write: Write }
  /** The lock was not seen: a store that refuses weakening may be tried, and nothing counts until it was read. */
  | { readonly kind: 'cannot-tell'; readonly write: Write }
  /** Stored GOVERNANCE where COMPLIANCE is wanted: the date may grow, the mode stays unmet. */
  | { readonly kind: 'mode-weaker'; readonly write: Write; readonly residual: Residual }
  | { readonly kind: 'mode-weaker'; readonly residual: Residual }
  /** Stored COMPLIANCE where GOVERNANCE is wanted beyond it: nothing is sent, the gap is reported. */
  | { readonly kind: 'mode-stricter'; readonly residual: Residual }
  /** The term asked for has already ended. */
  | { readonly kind: 'term-over'; readonly since: Instant }
  | { readonly kind: 'refused'; readonly code: 'over-cap' | 'event-held' };

/**
 * What may be written to bring a version to a wish without ever weakening its lock.
 *
 * @param current - the stored lock, as far as it was seen.
 * @param wish - a retention with its cap, or a hold.
 * @param now - the moment of the decision; a lock that ended before it binds no more.
 * @example
 * change(UNLOCKED, { kind: 'hold' }, now); // { kind: 'hold-on', write: { kind: 'hold-on' } }
 */
export function change(current: LockState, wish: Wish, now: Instant): Change {
  return wish.kind === 'hold' ? changeHold(current) : changeRetention(current, wish, now);
}

/** What a change sends to the store, if it sends anything. */
export function writeOf(made: Change): Write | undefined {
  return 'write' in made ? made.write : undefined;
}

/** The lock after a write was accepted as sent. */
export function afterWrite(current: LockState, write: Write): LockState {
  return write.kind === 'hold-on'
    ? { ...current, hold: 'on' }
    : { ...current, retention: { state: 'locked', mode: write.mode, until: write.until } };
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
    const grows = until > stored.until && stored.eventHeld === undefined;
    return grows
      ? { kind: 'mode-weaker', residual, write: { kind: 'retention', mode: 'GOVERNANCE', until } }
      : { kind: 'mode-weaker', residual };
  }
  if (until <= stored.until) return { kind: 'nothing' };
  // A plain date could drop the event hold on some stores; S3 itself moves that date on.
  if (stored.eventHeld !== undefined) return { kind: 'refused', code: 'event-held' };
  if (stored.mode !== wish.mode && wish.onConflict === 'strongest') {
    const residual: Residual = { mode: wish.mode, from: stored.until, until, because: 'mode-stricter' };
    return { kind: 'mode-stricter', residual };
  }
  return {
    kind: 'extend',
    from: stored.until,
    write: { kind: 'retention', mode: stored.mode, until },
  };
}
