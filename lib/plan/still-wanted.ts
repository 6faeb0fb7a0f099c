/** Whether a planned write is still what the policy wants, now that the version has been read once more. */
import { change, type PlainWish, type PlainWrite, writeOf } from '../lock/change.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { activeRetention, type LockState, type Mode } from '../lock/state.ts';
import { type Decision } from '../policy/decide.ts';

/** The lock that a plan gives to a version. */
export type Planned =
  | { readonly to: 'hold' }
  | {
      readonly to: Mode;
      readonly until: Instant;
      /** By how much it may be later than its rule asks (milliseconds). */
      readonly tolerance: number;
    };

export type StillWanted =
  | { readonly kind: 'apply'; readonly wish: PlainWish }
  /** It carries what was planned already. */
  | { readonly kind: 'in-place'; readonly write: PlainWrite }
  /** The version, its tags or the time have moved on: what was planned is not written. */
  | { readonly kind: 'moved'; readonly detail: string };

/**
 * Compares a planned write with what the policy decides of the version as it is now.
 *
 * What is written is never more than what was planned, and never longer than the policy wants now by more than the
 * tolerance. Where the policy meanwhile wants a longer lock, the planned one is a step on the way.
 */
export function stillWanted(
  decision: Decision,
  lock: LockState,
  planned: Planned,
  now: Instant,
): StillWanted {
  const write: PlainWrite =
    planned.to === 'hold'
      ? { kind: 'hold-on' }
      : { kind: 'retention', mode: planned.to, until: planned.until };
  if (carries(lock, write, now)) return { kind: 'in-place', write };
  let why = `no rule wants ${planned.to === 'hold' ? 'a hold' : 'a date'} any more`;
  let gap: PlainWish | undefined;
  for (const wish of decision.wishes) {
    if ((wish.kind === 'hold') !== (planned.to === 'hold')) continue;
    const wanted = writeOf(change(lock, wish, now));
    if (wanted === undefined) gap ??= wish;
    else if (wish.kind === 'hold' || wanted.kind === 'hold-on' || planned.to === 'hold')
      return { kind: 'apply', wish };
    else if (wanted.kind !== 'retention') why = 'an event hold is in force now, and a date was planned';
    else if (wanted.mode !== planned.to) why = `${wanted.mode} is wanted now, and ${planned.to} was planned`;
    else if (planned.until > wanted.until + planned.tolerance || planned.until > wish.notAfter)
      why = `a lock until ${formatInstant(wanted.until)} is wanted now, and one until ${formatInstant(planned.until)} was planned`;
    else return { kind: 'apply', wish: { ...wish, until: planned.until } };
  }
  // Nothing can be written, and the law says why: applying the wish names it.
  return gap === undefined ? { kind: 'moved', detail: why } : { kind: 'apply', wish: gap };
}

/** Whether a lock does at least what a write would. */
function carries(lock: LockState, write: PlainWrite, now: Instant): boolean {
  if (write.kind === 'hold-on') return lock.hold === 'on';
  const stored = activeRetention(lock.retention, now);
  return (
    stored.state === 'locked' &&
    stored.until >= write.until &&
    (stored.mode === write.mode || stored.mode === 'COMPLIANCE')
  );
}
